namespace Culprit.Engine.Records;

/// <summary>What an ingested event is; the numbers are written to the journal and never change.</summary>
internal enum EventKind : byte
{
    /// <summary><c>log.entry</c>: one log record.</summary>
    Log = 0,

    /// <summary><c>metric.value</c>: one metric point; the body is the metric's name.</summary>
    Metric = 1,

    /// <summary><c>span</c>: one finished span; the body is its operation.</summary>
    Span = 2,

    /// <summary><c>change</c>: a commit, deploy, flag or configuration change; the body is its message.</summary>
    Change = 3,

    /// <summary>Any other type: stored as sent, subscribable, read by no detector.</summary>
    Custom = 4,
}
