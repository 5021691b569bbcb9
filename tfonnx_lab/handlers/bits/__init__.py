"""exact="bits": handlers that compute on codes, with the integers of LiteRT's reference kernels. One family a file."""
