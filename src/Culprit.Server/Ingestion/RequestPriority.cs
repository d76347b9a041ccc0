namespace Culprit.Server.Ingestion;

/// <summary>What a sender says about the urgency of a request, by the header <c>Priority</c> of RFC 9218.</summary>
internal static class RequestPriority
{
    // 0 is the most urgent, 7 the least, 3 what holds without a header.
    private const char LeastThatCanWait = '4';

    /// <summary>True for <c>u=4</c> to <c>u=7</c>: work that may be refused first.</summary>
    public static bool CanWait(string? header)
    {
        foreach (var part in (header ?? string.Empty).Split(',', StringSplitOptions.TrimEntries))
        {
            if (part is ['u', '=', var urgency])
            {
                return urgency is >= LeastThatCanWait and <= '7';
            }
        }

        return false;
    }
}
