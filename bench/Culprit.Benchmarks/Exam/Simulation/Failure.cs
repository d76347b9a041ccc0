namespace Culprit.Benchmarks.Exam.Simulation;

/// <summary>How a call went wrong, as its caller sees it.</summary>
internal enum Failure
{
    None,
    Timeout,
    Refused,
    Reset,
    NameResolution,
    Certificate,

    /// <summary>The callee answered with a 5xx status.</summary>
    ServerError,

    /// <summary>The callee had no thread for it and said so.</summary>
    Overloaded,

    /// <summary>No connection of the caller's own pool was free in time.</summary>
    PoolEmpty,

    /// <summary>The store could not write: its disk, or the service's, is full.</summary>
    DiskFull,

    /// <summary>The answer came and makes no sense.</summary>
    BadAnswer,

    /// <summary>The service's own code threw.</summary>
    Exception,

    /// <summary>The caller's request was at fault: harmless.</summary>
    Invalid,
}
