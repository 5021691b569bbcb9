"""The Jupyter side of the package: a server extension, a prebuilt JupyterLab extension, and their configuration."""
