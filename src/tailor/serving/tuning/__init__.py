"""The fine-tuning API: files, jobs, events and checkpoints, over the training engine of the studies."""
