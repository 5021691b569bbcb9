"""Files that somebody made to do harm, written by builders: `CASES`, each with what comes of it."""
