"""The command line: puts the parts together and shows results. One small file for each command group."""
