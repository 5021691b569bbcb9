// A page of the server extension in a frame that follows its document and JupyterLab's theme.

const RIGHTS = ["allow-scripts", "allow-same-origin", "allow-downloads", "allow-popups", "allow-popups-to-escape-sandbox"];

export class PageOf {
  /**
   * @param {new (options: object) => any} IFrame JupyterLab's class
   * @param {any} context the document's
   * @param {{base: string, page: string, local: (path: string) => string, themes?: any}} about base: the server's URL;
   * page: the name of the page; local: the path below the server's folder; themes: JupyterLab's theme manager, if it has one
   */
  constructor(IFrame, context, { base, page, local, themes }) {
    this.context = context;
    this.base = base;
    this.page = page;
    this.local = local;
    this.themes = themes;
    this.frame = new IFrame({ sandbox: RIGHTS });
    this.frame.addClass("tfonnx-lab-page");
    const load = () => this.load();
    context.ready.then(() => {
      this.seen = context.contentsModel?.last_modified;
      load();
    });
    context.pathChanged.connect(load);
    context.fileChanged.connect((_, { last_modified: changed }) => {
      if (changed === this.seen) return;
      this.seen = changed;
      load();
    });
    themes?.themeChanged.connect(load);
    this.frame.disposed.connect(() => themes?.themeChanged.disconnect(load));
  }

  /** Show the document's page, or show it anew. */
  load() {
    if (this.frame.isDisposed) return;
    /** @type {Record<string, string>} */
    const query = { path: this.local(this.context.path) };
    const theme = this.themes?.theme;
    if (theme) query.theme = this.themes.isLight(theme) ? "light" : "dark";
    query.changed = this.seen ?? ""; // the same address would not be loaded again
    this.frame.url = `${this.base}tfonnx_lab/${this.page}/?${new URLSearchParams(query)}`;
    const frame = this.frame.node.querySelector("iframe");
    frame.title = `${this.context.path.split("/").pop()}, shown by tfonnx_lab`;
  }
}
