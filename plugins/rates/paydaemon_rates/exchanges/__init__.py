"""The sources, each as its public documentation describes it: requests, and how their answers are read."""
