from audio import threads as threads  # before PyTorch is loaded
