namespace Culprit.Engine.Patterns;

/// <summary>An open question: which different words were seen where everything else is equal?</summary>
internal sealed class Hole(ulong key)
{
    private HoleWord[] _words = new HoleWord[2];

    public ulong Key { get; } = key;

    public int Count { get; private set; }

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
    }
}

/// <summary>A word that was seen in a hole.</summary>
/// <param name="Member">Id of the skeleton that brought it.</param>
/// <param name="By">Where in that skeleton the hole is.</param>
internal readonly record struct HoleWord(ulong Word, ulong Member, Generalisation By);
