namespace Culprit.Benchmarks.Exam.World;

/// <summary>One endpoint, message handler or job of a service.</summary>
internal sealed class Operation
{
    /// <summary><c>GET /orders/{id}</c>, <c>consume invoice-requests</c>, <c>job nightly-rollup</c>.</summary>
    public required string Name { get; init; }

    /// <summary>Median of its own work, milliseconds.</summary>
    public required double SelfMs { get; init; }

    public required double Sigma { get; init; }

    /// <summary>Share of calls refused as invalid: harmless, answered with 4xx.</summary>
    public required double InvalidShare { get; init; }

    /// <summary>What it says of its work; <c>{id}</c>, <c>{n}</c> and <c>{ms}</c> are filled in.</summary>
    public required IReadOnlyList<string> Details { get; init; }

    public List<Step> Steps { get; } = [];

    /// <summary>Expected duration with nothing wrong, milliseconds; filled in when the world is complete.</summary>
    public double UsualMs { get; set; }

    /// <summary>Expected calls a second at the daily peak; filled in when the world is complete.</summary>
    public double PeakRate { get; set; }
}
