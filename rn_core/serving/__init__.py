"""Starting the app's server: for this machine alone, for its network, or for a class that follows its teacher."""
