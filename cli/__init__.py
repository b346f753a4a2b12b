"""The command line: a command is one library call and its rendering."""
