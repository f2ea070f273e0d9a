"""What goes live: versions with manifests, stages in a log, the promotion gate, signatures."""
