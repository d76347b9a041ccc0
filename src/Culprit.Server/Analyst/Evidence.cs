namespace Culprit.Server.Analyst;

/// <summary>One thing that was observed, as the model sees it and as claims must cite it.</summary>
/// <param name="Id">Valid in this run only.</param>
/// <param name="Text">Unredacted.</param>
/// <param name="RecordIds">Records that show it; may be empty.</param>
/// <param name="Writer">The service whose log text this repeats; null when Culprit measured it. A writer can lie.</param>
internal sealed record Evidence(string Id, string Text, IReadOnlyList<string> RecordIds, string? Writer)
{
    /// <summary>The candidate that it speaks for; null when for none.</summary>
    public string? Supports { get; init; }

    /// <summary>The candidate that it speaks against; null when against none.</summary>
    public string? Opposes { get; init; }
}

/// <summary>All evidence that one run has shown to the model. Ids cannot be guessed from another run or from a log line.</summary>
/// <param name="prefix">Random letters of this run.</param>
internal sealed class EvidenceBook(string prefix)
{
    /// <summary>Raw text goes in by id only, and never more of it than this.</summary>
    public const int MaxTextLength = 2048;

    private const string Letters = "bcdfghjkmnpqrstvwxz";

    private readonly Dictionary<string, Evidence> _byId = new(StringComparer.Ordinal);
    private readonly Dictionary<string, Evidence> _byText = new(StringComparer.Ordinal);

    public IReadOnlyCollection<Evidence> All => _byId.Values;

    public static EvidenceBook Create() => new(System.Security.Cryptography.RandomNumberGenerator.GetString(Letters, 4));

    /// <summary>A book whose ids are the same in every run: for replies that are recorded and given again.</summary>
    public static EvidenceBook Of(string name) =>
        new(string.Create(4, System.IO.Hashing.XxHash3.HashToUInt64(System.Text.Encoding.UTF8.GetBytes(name)), static (letters, hash) =>
        {
            foreach (ref var letter in letters)
            {
                (hash, var at) = Math.DivRem(hash, (ulong)Letters.Length);
                letter = Letters[(int)at];
            }
        }));

    /// <summary>Gives the text an id; the same text keeps the one that it has.</summary>
    public Evidence Add(string text, string? writer, IReadOnlyList<string> recordIds)
    {
        var fitted = Engine.Alerting.TextCut.Fit(text, MaxTextLength);
        if (_byText.TryGetValue(fitted, out var known))
        {
            return known;
        }

        var evidence = new Evidence($"{prefix}-{_byId.Count + 1}", fitted, recordIds, writer);
        _byId.Add(evidence.Id, evidence);
        _byText.Add(fitted, evidence);
        return evidence;
    }

    /// <summary>Says which candidate evidence of <see cref="Add"/> speaks for or against; returns it as it is now.</summary>
    public Evidence Mark(Evidence evidence, string? supports, string? opposes)
    {
        var marked = _byId[evidence.Id] with { Supports = supports, Opposes = opposes };
        _byId[evidence.Id] = marked;
        _byText[marked.Text] = marked;
        return marked;
    }

    public Evidence? Find(string id) => _byId.GetValueOrDefault(id);
}
