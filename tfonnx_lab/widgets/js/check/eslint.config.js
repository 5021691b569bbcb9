// The recommended rules, for the sources (a browser's), the build and the tests (Node's).

import js from "@eslint/js";
import globals from "globals";

export default [
  { files: ["**/*.js", "**/*.mjs"], ...js.configs.recommended },
  { files: ["src/**/*.js"], languageOptions: { globals: globals.browser } },
  { files: ["*.mjs", "test/**/*.js"], languageOptions: { globals: globals.node } },
  {
    files: ["**/*.js", "**/*.mjs"],
    rules: {
      eqeqeq: "error",
      "no-unused-vars": ["error", { argsIgnorePattern: "^_" }],
      "no-var": "error",
      "prefer-const": "error",
    },
  },
];
