"""Reading and writing of what providers send: workbooks and files of other sources."""
