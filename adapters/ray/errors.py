"""What happens to workers, between the parts of this adapter. None of it leaves the adapter."""


class WorkerLostError(Exception):
    """
    The worker that had the call is no more, or did not answer; another one is in its place.

    So Ray itself works, and the call may be tried again.
    """
