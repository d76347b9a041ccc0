namespace Culprit.Engine.Patterns;

/// <summary>A set of skeletons that count as one pattern; when two sets meet, one forwards to the other.</summary>
internal sealed class Pattern(ulong id, Skeleton display)
{
    private Pattern? _mergedInto;

    /// <summary>The id of its most general template, or of its only skeleton.</summary>
    public ulong Id { get; set; } = id;

    /// <summary>The most general member; kept for its text even when it was evicted.</summary>
    public Skeleton Display { get; set; } = display;

    /// <summary>Whether a template gave the id.</summary>
    public bool HasTemplate { get; set; }

    /// <summary>Skeletons of it that are in the table.</summary>
    public int Live { get; set; }

    public Pattern Current
    {
        get
        {
            var current = this;
            while (current._mergedInto is { } next)
            {
                current = next;
            }

            var node = this;
            while (node._mergedInto is { } next && next != current)
            {
                node._mergedInto = current;
                node = next;
            }

            return current;
        }
    }

    public void MergeInto(Pattern other)
    {
        other.Live += Live;
        _mergedInto = other;
    }
}
