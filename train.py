"""Train a model: the same as ``riskengine train``."""

from riskengine.training.command import main

if __name__ == "__main__":
    main()
