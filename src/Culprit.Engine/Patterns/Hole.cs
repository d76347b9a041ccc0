namespace Culprit.Engine.Patterns;

/// <summary>An open question: which different words were seen where everything else is equal?</summary>
internal sealed class Hole(ulong key)
{
    private const int MaxPoints = 1 << 10;

    private HoleWord[] _words = new HoleWord[2];

    public ulong Key { get; } = key;

    public int Count { get; private set; }

    /// <summary>What its words count together, see <see cref="WordEvidence"/>.</summary>
    public int Points { get; private set; }

    public bool Touched { get; set; }

    public ReadOnlySpan<HoleWord> Words => _words.AsSpan(0, Count);

    /// <summary>Adds a skeleton with the word it has there; a word counts once.</summary>
    public void Add(HoleWord word)
    {
        Touched = true;
        foreach (ref readonly var known in Words)
        {
            if (known.Word == word.Word)
            {
                return;
            }
        }

        if (Count == _words.Length)
        {
            Array.Resize(ref _words, Count * 2);
        }

        _words[Count++] = word;
        Points += word.Points;
    }

    public void Save(SnapshotWriter writer)
    {
        writer.Hash(Key);
        writer.Flag(Touched);
        writer.Number(Count);
        foreach (ref readonly var word in Words)
        {
            writer.Hash(word.Word);
            writer.Hash(word.Member);
            word.By.Save(writer);
            writer.Number(word.Points);
        }
    }

    public static Hole Read(ref SnapshotReader reader)
    {
        var hole = new Hole(reader.Hash());
        var touched = reader.Flag();
        for (var n = reader.Count(); n > 0 && !reader.Failed; n--)
        {
            hole.Add(new HoleWord(reader.Hash(), reader.Hash(), Generalisation.Read(ref reader), reader.Number(MaxPoints)));
        }

        hole.Touched = touched;
        return hole;
    }
}

/// <summary>A word that was seen in a hole.</summary>
/// <param name="Member">Id of the skeleton that brought it.</param>
/// <param name="By">Where in that skeleton the hole is.</param>
/// <param name="Points">What it counts.</param>
internal readonly record struct HoleWord(ulong Word, ulong Member, Generalisation By, int Points = 1);
