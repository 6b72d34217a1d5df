"""How fast the loop is, always against a floor measured in the same run: the same changes in plain SQL, one commit each."""
