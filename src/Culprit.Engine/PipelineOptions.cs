using Culprit.Engine.Detection;
using Culprit.Engine.Detection.ErrorThreshold;
using Culprit.Engine.Extending;
using Culprit.Engine.Flows;
using Culprit.Engine.Patterns;
using Culprit.Engine.RootCause.Inquiries;
using Culprit.Engine.Rules;

namespace Culprit.Engine;

/// <summary>Everything about the engine that an operator may set.</summary>
internal sealed record PipelineOptions
{
    /// <summary>Regular expression that a record's <c>source</c> must match to be analysed. Default: none, all are analysed.</summary>
    /// <remarks>Records that do not match are stored all the same. SEED.md's example is <c>.*-prod.*</c>.</remarks>
    public string? SourceFilter { get; init; }

    /// <summary>Same service, level and message within this time counts as a duplicate. Default 5 s.</summary>
    /// <remarks>Fixed from the first occurrence. Raising it folds slower repetitions; nothing is lost from counts.</remarks>
    public TimeSpan DedupeWindow { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>Compare only this many leading bytes of the message; 0 compares all of it. Default 0.</summary>
    public int DedupePrefix { get; init; }

    /// <summary>Records after which an environment is summarised. Default 50.</summary>
    /// <remarks>At most one summary a second and environment: a busy environment's summaries cover more.</remarks>
    public int SummaryRecords { get; init; } = 50;

    /// <summary>Time after which an environment is summarised however few its records. Default 300 s.</summary>
    public TimeSpan SummaryInterval { get; init; } = TimeSpan.FromSeconds(300);

    public ErrorThresholdOptions ErrorThreshold { get; init; } = new();

    public DetectorOptions Detection { get; init; } = new();

    public PatternOptions Patterns { get; init; } = new();

    /// <summary>An incident without new evidence for this long is resolved. Default 5 min.</summary>
    public TimeSpan ResolveAfter { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>Which services each service calls: SEED.md's <c>SERVICE_DEPENDENCIES</c>. Default: none.</summary>
    public IReadOnlyDictionary<string, IReadOnlyList<string>> Dependencies { get; init; } =
        new Dictionary<string, IReadOnlyList<string>>();

    /// <summary>Calls that are never learned, whatever messages, traces and spans suggest. Default: none.</summary>
    public IReadOnlyDictionary<string, IReadOnlyList<string>> VetoedDependencies { get; init; } =
        new Dictionary<string, IReadOnlyList<string>>();

    /// <summary>Records older than the newest tick by more than this reach no detector. Default 2 min.</summary>
    public TimeSpan Lateness { get; init; } = TimeSpan.FromMinutes(2);

    /// <summary>Environments analysed; records of further ones are stored only. Default 64.</summary>
    public int MaxEnvironments { get; init; } = 64;

    /// <summary>Services per environment with statistics of their own; the rest share <c>__other__</c>. Default 1,000.</summary>
    public int MaxServices { get; init; } = 1000;

    /// <summary>How requests and jobs are followed. Default: a sample of them; null for none, and then it costs nothing.</summary>
    public FlowOptions? Flows { get; init; } = FlowOptions.Live;

    /// <summary>Told the last verdict of each followed session that is forgotten to make room.</summary>
    public Action<FlowVerdict>? SessionForgotten { get; init; }

    /// <summary>What every record is held against. Default: none, and then it costs nothing.</summary>
    public IReadOnlyList<Rule> Rules { get; init; } = [];

    /// <summary>Detectors of plug-ins: name, and what makes one for an environment. Default: none.</summary>
    public IReadOnlyDictionary<string, Func<string, IDetector>> Detectors { get; init; } =
        new Dictionary<string, Func<string, IDetector>>();

    /// <summary>A stretch of time that somebody asks about; its evidence is then kept for <see cref="Pipeline.Answers"/>. Default: none.</summary>
    public InquiryRange? Inquiry { get; init; }

    /// <summary>Told of a detector that threw and is left out from then on.</summary>
    public Action<DetectorFault>? DetectorFailed { get; init; }
}
