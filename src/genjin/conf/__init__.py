"""Settings, root urls, processes and the command line. Nobody imports this floor."""
