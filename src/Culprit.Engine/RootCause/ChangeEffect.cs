namespace Culprit.Engine.RootCause;

/// <summary>A change on a candidate that came before its trouble.</summary>
/// <param name="Points">What it adds to the score before it is gated by other evidence: nearer is more.</param>
internal sealed record ChangeEffect(ChangeEvidence Change, double Points)
{
    /// <summary>Changes older than this are not tied to a fault by their time alone.</summary>
    public static readonly TimeSpan MaxLead = TimeSpan.FromHours(2);

    /// <summary>Null when the change came after the onset or long before it: an effect follows its cause.</summary>
    public static ChangeEffect? Of(ChangeEvidence change, DateTimeOffset onset)
    {
        var lead = onset - change.At;
        return lead < TimeSpan.Zero || lead > MaxLead
            ? null
            : new ChangeEffect(change, 2 * Math.Exp(-lead.TotalMinutes / 30));
    }
}
