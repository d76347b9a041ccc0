using Culprit.Engine.Alerting;

namespace Culprit.Server.Alerting.Sinks;

/// <summary>What came back from a receiver.</summary>
/// <param name="Status">HTTP status; 0 when there was no answer.</param>
/// <param name="Text">The beginning of the answer, or why there was none: fit to be shown, free of secrets.</param>
internal readonly record struct SinkAnswer(int Status, string Text, TimeSpan? RetryAfter)
{
    /// <summary>The beginning of the answer as it came: not fit to be shown.</summary>
    public ReadOnlyMemory<byte> Body { get; init; }

    public bool IsSuccess => Status is >= 200 and < 300;

    /// <summary>
    /// 2xx is delivered; no answer, 408, 425, 429 and 5xx are worth another try; everything else is a refusal that a
    /// repetition would not change.
    /// </summary>
    public DeliveryResult ToResult() => Status switch
    {
        0 => new(DeliveryOutcome.Retryable, Text, RetryAfter),
        >= 200 and < 300 => new(DeliveryOutcome.Delivered),
        408 or 425 or 429 or >= 500 => new(DeliveryOutcome.Retryable, Describe(), RetryAfter),
        >= 300 and < 400 => new(DeliveryOutcome.Rejected, $"HTTP {Status}: redirects are not followed; configure the final address"),
        _ => new(DeliveryOutcome.Rejected, Describe()),
    };

    private string Describe() => Text.Length > 0 ? $"HTTP {Status}: {Text}" : $"HTTP {Status}";
}
