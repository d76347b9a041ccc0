using Culprit.Engine;
using Culprit.Engine.Publishing;
using Culprit.Engine.RootCause.Inquiries;
using Culprit.Engine.Storage;

namespace Culprit.Server.Analysis;

/// <summary>What is asked of files: which incidents they hold, or what caused the trouble of a stretch of time.</summary>
internal sealed record FileQuestion
{
    /// <summary>Requests that began within the range asked about are followed for so long after it.</summary>
    private static readonly TimeSpan Grace = TimeSpan.FromSeconds(30);

    /// <summary>What it changes of the configured options.</summary>
    public required Func<PipelineOptions, PipelineOptions> Configure { get; init; }

    /// <summary>Which of the engine's events go into the report.</summary>
    public Func<IReadOnlyList<DerivedEvent>, IReadOnlyList<DerivedEvent>> Select { get; init; } = e => e;

    /// <summary>Records after this moment are not read; null reads all.</summary>
    public DateTimeOffset? Until { get; init; }

    /// <summary>Called when everything was played.</summary>
    public Action<Pipeline, AnalysisReport> Conclude { get; init; } = (_, _) => { };

    /// <summary>Every incident that the detectors find. Files often start mid-life, so the plain threshold holds on request only.</summary>
    /// <param name="count">Errors that open an incident even without a baseline; null for none.</param>
    /// <param name="window">Within so long.</param>
    public static FileQuestion Incidents(int? count = null, TimeSpan window = default) => new()
    {
        Configure = options => options with
        {
            ErrorThreshold = count is { } plain
                ? options.ErrorThreshold with { Plain = true, Count = plain, Window = window }
                : options.ErrorThreshold with { Plain = false },
        },
    };

    /// <summary>The causes of what happened in a range, whether or not a detector finds anything.</summary>
    public static FileQuestion Cause(InquiryRange range) => new()
    {
        Configure = options => options with { Inquiry = range },
        Select = events => [.. events.Where(e => e.Type == EventTypes.Summary)],
        Until = range.To + Grace,
        Conclude = (pipeline, report) => report.Add(pipeline.Answers()),
    };
}
