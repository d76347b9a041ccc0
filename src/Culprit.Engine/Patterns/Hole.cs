namespace Culprit.Engine.Patterns;

/// <summary>An open question: which different words were seen where everything else is equal?</summary>
internal sealed class Hole(ulong key)
{
    private ulong[] _words = new ulong[2];
    private Skeleton[] _members = new Skeleton[2];

    public ulong Key { get; } = key;

    public int Count { get; private set; }

    public bool Touched { get; set; }

    public ReadOnlySpan<Skeleton> Members => _members.AsSpan(0, Count);

    public Generalisation By { get; private set; }

    /// <summary>Adds a skeleton with the word it has there; a word counts once.</summary>
    public void Add(ulong word, Skeleton member, Generalisation by)
    {
        Touched = true;
        By = by;
        if (_words.AsSpan(0, Count).Contains(word))
        {
            return;
        }

        if (Count == _words.Length)
        {
            Array.Resize(ref _words, Count * 2);
            Array.Resize(ref _members, Count * 2);
        }

        _words[Count] = word;
        _members[Count++] = member;
    }
}
