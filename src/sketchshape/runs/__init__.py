"""What a run leaves on the disk: settings, log, class centers, embeddings, results. No torch."""
