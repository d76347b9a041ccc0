namespace Culprit.Engine.RootCause;

/// <summary>One pattern of one service, weighed: how unusual it is and what it says.</summary>
/// <param name="Sigmas">Rise against the past; without a past, against an equal span in which it did not occur.</param>
/// <param name="Gate">0 to 1: how far the pattern belongs to this incident at all.</param>
/// <param name="Mass">Its contribution, before blame is passed on.</param>
/// <param name="Blames">Peers that it names; empty when it is about its own service.</param>
/// <param name="IsSymptom">It only says that somebody else failed to answer.</param>
internal sealed record ScoredPattern(
    PatternEvidence Pattern,
    double Sigmas,
    double Gate,
    double Mass,
    SelfFault Fault,
    IReadOnlyList<Blame> Blames,
    bool IsSymptom)
{
    /// <summary>Sample text if there is one: it still holds the names that the pattern masks.</summary>
    public string Text => Pattern.Samples.Count > 0 ? Pattern.Samples[0].Text : Pattern.Text;
}
