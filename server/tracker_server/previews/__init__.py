"""What is in a file of an artifact version, told without loading, unpacking or running it."""
