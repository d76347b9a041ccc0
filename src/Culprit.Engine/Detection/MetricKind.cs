using Culprit.Engine.Records;

namespace Culprit.Engine.Detection;

/// <summary>What a metric's name says about how to judge it.</summary>
internal enum MetricKind : byte
{
    /// <summary>Shown as evidence, judged by nobody: how much is done says nothing of how well.</summary>
    Other,

    /// <summary>Failures: more is worse.</summary>
    Failure,

    /// <summary>Time taken: more is worse.</summary>
    Latency,

    /// <summary>What can be used up: more is worse, and so is steady growth.</summary>
    Resource,

    /// <summary>Share that succeeds: less is worse.</summary>
    Success,

    /// <summary>How much of a resource there is; not judged.</summary>
    Limit,

    /// <summary>Work that waits: more is worse, and more load is no excuse.</summary>
    Backlog,
}

/// <summary>Reads the words of a metric's name.</summary>
internal static class MetricKinds
{
    /// <summary>Fewer that wait, or a shorter wait in seconds, is no backlog: bursts leave a few behind all the time.</summary>
    public const double MinBacklog = 10;

    private static readonly HashSet<string> FailureWords = Words(
        "error errors fail failed failure failures fault faults exception exceptions 5xx 500 503 4xx 401 403 reject rejected rejections " +
        "timeout timeouts drop dropped drops restart restarts oom oomkilled retry retries refused abort aborted evicted panic dead unhealthy expired");

    private static readonly HashSet<string> LatencyWords = Words(
        "latency duration p50 p75 p90 p95 p99 p999 rtt elapsed responsetime response delay wait waiting");

    private static readonly HashSet<string> ResourceWords = Words(
        "cpu mem memory heap rss disk usage used util utilization utilisation saturation pool depth " +
        "connections conns fd fds descriptors threads goroutines inflight age load active busy occupancy size bytes");

    private static readonly HashSet<string> BacklogWords = Words("queue queued backlog lag pending");

    private static readonly HashSet<string> SuccessWords = Words("success successful successrate availability uptime healthy up ready hit hits");

    private static readonly HashSet<string> LimitWords = Words("limit max maximum capacity quota total available free idle");

    public static MetricKind Of(string name)
    {
        var words = Split(MetricName.Family(name));
        return words.Exists(LimitWords.Contains) && !words.Exists(FailureWords.Contains) && !words.Exists(LatencyWords.Contains) ? MetricKind.Limit
            : words.Exists(FailureWords.Contains) ? MetricKind.Failure
            : words.Exists(SuccessWords.Contains) ? MetricKind.Success
            : words.Exists(LatencyWords.Contains) ? MetricKind.Latency
            : words.Exists(BacklogWords.Contains) ? MetricKind.Backlog
            : words.Exists(ResourceWords.Contains) ? MetricKind.Resource
            : MetricKind.Other;
    }

    /// <summary>Lower-case words: parted by signs, and where a capital follows a small letter.</summary>
    internal static List<string> Split(string name)
    {
        var words = new List<string>();
        var start = 0;
        for (var i = 0; i <= name.Length; i++)
        {
            var isEnd = i == name.Length || !char.IsAsciiLetterOrDigit(name[i]);
            if (isEnd || (i > start && char.IsAsciiLetterUpper(name[i]) && char.IsAsciiLetterLower(name[i - 1])))
            {
                if (i > start)
                {
                    words.Add(name[start..i].ToLowerInvariant());
                }

                start = isEnd ? i + 1 : i;
            }
        }

        return words;
    }

    private static HashSet<string> Words(string words) => [.. words.Split(' ')];
}
