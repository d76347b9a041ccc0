namespace Culprit.Benchmarks.Exam.World;

/// <summary>Whose habits a service's messages follow.</summary>
internal enum LogStyle
{
    Spring,
    AspNet,
    GoLogfmt,
    GoZap,
    Python,
    Node,
}

/// <summary>Where a service's lines carry the trace they belong to.</summary>
internal enum IdStyle
{
    /// <summary>In the field <c>trace_id</c>, with the span beside it.</summary>
    Fields,

    /// <summary>As <c>trace_id=…</c> inside the message.</summary>
    InMessage,

    /// <summary>Only a request id inside the message; it is passed on from service to service.</summary>
    RequestId,

    /// <summary>Nowhere.</summary>
    None,
}
