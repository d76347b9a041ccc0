namespace Culprit.Engine.Patterns;

/// <summary>The frames of all skeletons that belong to no template yet. Bounded by the skeletons, which leave when evicted.</summary>
internal sealed class FrameTable(PatternOptions options)
{
    private readonly Dictionary<ulong, Frame> _frames = [];

    /// <summary>Whether a skeleton can be compared place by place at all.</summary>
    public static bool Fits(Skeleton skeleton) => skeleton.Pieces.Length is > 0 and <= Generalisation.MaxPlaces;

    public Frame Of(Skeleton skeleton)
    {
        var key = KeyOf(skeleton);
        if (!_frames.TryGetValue(key, out var frame))
        {
            _frames.Add(key, frame = new Frame(options.FrameSize));
        }

        return frame;
    }

    public void Remove(Skeleton skeleton)
    {
        var key = KeyOf(skeleton);
        if (_frames.TryGetValue(key, out var frame))
        {
            frame.Remove(skeleton);
            if (frame.IsEmpty)
            {
                _frames.Remove(key);
            }
        }
    }

    private static ulong KeyOf(Skeleton skeleton)
    {
        var key = 0UL;
        foreach (ref readonly var piece in skeleton.Pieces.AsSpan())
        {
            key = Hash64.Add(key, piece.SeparatorHash, piece.Kind switch
            {
                TokenKind.Literal or TokenKind.Numbered => 1,
                TokenKind.Fixed => piece.Hash,
                _ => Hash64.Variable,
            });
        }

        return Hash64.Finish(key, skeleton.TailHash);
    }

    public void Save(SnapshotWriter writer)
    {
        writer.Number(_frames.Count);
        foreach (var (key, frame) in _frames)
        {
            writer.Hash(key);
            frame.Save(writer);
        }
    }

    public void Read(ref SnapshotReader reader, SkeletonTable skeletons)
    {
        for (var n = reader.Count(); n > 0 && !reader.Failed; n--)
        {
            var key = reader.Hash();
            var frame = new Frame(options.FrameSize);
            frame.Read(ref reader, skeletons);
            _frames.TryAdd(key, frame);
        }
    }
}
