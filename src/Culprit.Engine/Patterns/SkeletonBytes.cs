namespace Culprit.Engine.Patterns;

/// <summary>Collects the text of a skeleton; white space in separators becomes one space.</summary>
internal ref struct SkeletonBytes(int capacity)
{
    private readonly List<byte> _bytes = new(capacity);

    public readonly int Length => _bytes.Count;

    public readonly void Add(ReadOnlySpan<byte> text) => _bytes.AddRange(text);

    public readonly void AddSeparator(ReadOnlySpan<byte> text, bool first)
    {
        var space = first;
        foreach (var c in text)
        {
            if (c > ' ')
            {
                _bytes.Add(c);
                space = false;
            }
            else if (!space)
            {
                _bytes.Add((byte)' ');
                space = true;
            }
        }
    }

    public readonly byte[] ToArray() => [.. _bytes];
}
