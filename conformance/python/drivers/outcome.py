"""What a caller sees of a call, in words that another language can compare: types and reprs, not values."""


def value_outcome(value):
    return {"kind": "value", "type": type(value).__name__, "repr": repr(value)}


def exception_outcome(error):
    return {
        "kind": "exception",
        "type": type(error).__name__,
        "module": type(error).__module__,
        "args": repr(error.args),
        "text": str(error),
    }


def outcome_of(result, timeout):
    """Wait for an AsyncResult; an exception of the task is an outcome, one of this side (a timeout too) as well."""
    try:
        return value_outcome(result.get(timeout=timeout))
    except Exception as error:  # whatever the caller would have caught is what is to be compared
        return exception_outcome(error)
