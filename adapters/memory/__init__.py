"""In-memory fakes of every port: for tests, and as the contracts' second witness."""
