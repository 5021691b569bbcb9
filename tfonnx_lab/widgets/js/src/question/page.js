// In a saved page: the script stands behind what it draws.

import { inPage } from "./question.js";

inPage(document.currentScript.previousElementSibling);
