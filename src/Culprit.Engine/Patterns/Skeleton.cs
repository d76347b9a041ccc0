using System.Text;

namespace Culprit.Engine.Patterns;

/// <summary>A kept skeleton: one masked form of lines, or a template that covers several such forms.</summary>
internal sealed class Skeleton
{
    /// <summary>Bytes of display text; a longer pattern is cut with an ellipsis.</summary>
    public const int MaxTextBytes = 2048;

    private static ReadOnlySpan<byte> Placeholder => "<*>"u8;

    private Pattern _pattern;

    public Skeleton(ulong id, byte[] bytes, Piece[] pieces, int tailStart, ulong tailHash)
    {
        Id = id;
        Bytes = bytes;
        Pieces = pieces;
        TailStart = tailStart;
        TailHash = tailHash;
        Literals = pieces.Count(p => p.Kind is TokenKind.Literal or TokenKind.Fixed);
        _pattern = new Pattern(id, this);
        FindOpenSlots();
    }

    public ulong Id { get; }

    public byte[] Bytes { get; }

    public Piece[] Pieces { get; }

    public int TailStart { get; }

    public ulong TailHash { get; }

    /// <summary>Places whose text still has to be compared with each new line; null when none are left.</summary>
    public int[]? OpenSlots { get; private set; }

    /// <summary>Covers other skeletons: its id is a candidate for the pattern's id.</summary>
    public bool IsTemplate { get; set; }

    /// <summary>Used since the eviction hand last passed.</summary>
    public bool Touched { get; set; }

    /// <summary>Id of the template this one was found to be a case of, or 0; <see cref="CoverBy"/> says where it differs.</summary>
    public ulong Cover { get; set; }

    public Generalisation CoverBy { get; set; }

    public Pattern Pattern => _pattern.Current;

    /// <summary>Constant words.</summary>
    public int Literals { get; }

    internal void SetPattern(Pattern pattern) => _pattern = pattern;

    /// <summary>Copies what the scanner found.</summary>
    public static Skeleton From(ulong id, ReadOnlySpan<byte> line, LineScanner scanner)
    {
        var tokens = scanner.Tokens;
        var pieces = new Piece[tokens.Length];
        var bytes = new SkeletonBytes(line.Length);
        for (var i = 0; i < tokens.Length; i++)
        {
            ref readonly var t = ref tokens[i];
            ref var p = ref pieces[i];
            p.SeparatorStart = bytes.Length;
            if (t.SeparatorHash is LineScanner.FrameSeparator or LineScanner.CauseSeparator)
            {
                bytes.Add(t.SeparatorHash == LineScanner.FrameSeparator ? " at "u8 : " caused by "u8);
            }
            else
            {
                bytes.AddSeparator(line[t.SeparatorStart..t.Start], i == 0);
            }

            p.Start = bytes.Length;
            p.Kind = t.Kind;
            p.State = t.Kind switch
            {
                TokenKind.Literal or TokenKind.Fixed => SlotState.None,
                TokenKind.Numbered or TokenKind.Word => SlotState.Constant,
                TokenKind.Number when t.UnitLength > 0 => SlotState.Unit,
                _ => SlotState.Varied,
            };
            if (p.State is SlotState.None or SlotState.Constant)
            {
                bytes.Add(line[t.Start..t.End]);
            }
            else if (p.State == SlotState.Unit)
            {
                bytes.Add(line[(t.End - t.UnitLength)..t.End]);
            }

            p.End = bytes.Length;
            p.Joins = t.Joins;
            p.SeparatorHash = t.SeparatorHash;
            p.Hash = t.Hash;
        }

        var tailStart = bytes.Length;
        bytes.AddSeparator(line[scanner.TailStart..scanner.End].TrimEnd(" \t\r\n"u8), tokens.IsEmpty);
        return new Skeleton(id, bytes.ToArray(), pieces, tailStart, scanner.TailHash);
    }

    /// <summary>The text of a template that a logger declared, as one constant.</summary>
    public static Skeleton Declared(ulong id, byte[] text) => new(
        id,
        text,
        [new Piece { End = text.Length, Kind = TokenKind.Fixed, SeparatorHash = LineScanner.EmptySeparator, Hash = id }],
        text.Length,
        LineScanner.EmptySeparator);

    /// <summary>Compares the open places with a line that has this skeleton; true when one turned out to vary.</summary>
    public bool Observe(ReadOnlySpan<byte> line, ReadOnlySpan<Token> tokens)
    {
        var changed = false;
        foreach (var i in OpenSlots!)
        {
            ref var piece = ref Pieces[i];
            ref readonly var token = ref tokens[i];
            var text = Bytes.AsSpan(piece.Start, piece.End - piece.Start);
            var same = piece.State == SlotState.Unit
                ? token.UnitLength == text.Length && line.Slice(token.End - text.Length, text.Length).SequenceEqual(text)
                : line[token.Start..token.End].SequenceEqual(text);
            if (!same)
            {
                piece.State = SlotState.Varied;
                changed = true;
            }
        }

        if (changed)
        {
            FindOpenSlots();
        }

        return changed;
    }

    /// <summary>Takes over what another form of the same key knows about the places; true when something changed.</summary>
    public bool MergeSlots(Skeleton other)
    {
        var changed = false;
        for (var i = 0; i < Pieces.Length && i < other.Pieces.Length; i++)
        {
            ref var piece = ref Pieces[i];
            ref readonly var theirs = ref other.Pieces[i];
            if (piece.State is SlotState.None or SlotState.Varied)
            {
                continue;
            }

            if (piece.State != theirs.State || !TextOf(piece).SequenceEqual(other.TextOf(theirs)))
            {
                piece.State = SlotState.Varied;
                changed = true;
            }
        }

        if (changed)
        {
            FindOpenSlots();
        }

        return changed;
    }

    public ReadOnlySpan<byte> SeparatorBefore(int place) =>
        Bytes.AsSpan(Pieces[place].SeparatorStart, Pieces[place].Start - Pieces[place].SeparatorStart);

    public ReadOnlySpan<byte> SeparatorAfter(int place) =>
        place + 1 < Pieces.Length ? SeparatorBefore(place + 1) : Bytes.AsSpan(TailStart);

    /// <summary>"key=" begins something new: no value, and none reaches over it.</summary>
    public bool NamesValue(int place) => !Pieces[place].IsVariable && SeparatorAfter(place) is [(byte)'=', ..];

    public ReadOnlySpan<byte> TextOf(in Piece piece) => Bytes.AsSpan(piece.Start, piece.End - piece.Start);

    /// <summary>The text for people: constant parts as they are, variable ones as <c>&lt;*&gt;</c>; valid Unicode, bounded.</summary>
    public string Render()
    {
        var text = new List<byte>(Math.Min(Bytes.Length + (3 * Pieces.Length), MaxTextBytes));
        foreach (ref readonly var piece in Pieces.AsSpan())
        {
            text.AddRange(Bytes.AsSpan(piece.SeparatorStart, piece.Start - piece.SeparatorStart));
            if (piece.State is SlotState.Unit or SlotState.Varied)
            {
                text.AddRange(Placeholder);
            }

            if (piece.State != SlotState.Varied)
            {
                text.AddRange(TextOf(piece));
            }

            if (text.Count > MaxTextBytes)
            {
                break;
            }
        }

        text.AddRange(Bytes.AsSpan(TailStart));
        if (text.Count <= MaxTextBytes)
        {
            return Encoding.UTF8.GetString([.. text]);
        }

        var cut = MaxTextBytes - 3;
        while (cut > 0 && (text[cut] & 0xC0) == 0x80)
        {
            cut--;
        }

        return Encoding.UTF8.GetString([.. text[..cut]]) + "…";
    }

    private void FindOpenSlots()
    {
        var open = new List<int>();
        for (var i = 0; i < Pieces.Length; i++)
        {
            if (Pieces[i].State is SlotState.Constant or SlotState.Unit)
            {
                open.Add(i);
            }
        }

        OpenSlots = open.Count == 0 ? null : [.. open];
    }

    public void Save(SnapshotWriter writer)
    {
        writer.Hash(Id);
        writer.Bytes(Bytes);
        writer.Number(TailStart);
        writer.Hash(TailHash);
        writer.Flag(IsTemplate);
        writer.Flag(Touched);
        writer.Hash(Cover);
        CoverBy.Save(writer);
        writer.Number(Pieces.Length);
        foreach (ref readonly var piece in Pieces.AsSpan())
        {
            writer.Number(piece.SeparatorStart);
            writer.Number(piece.Start);
            writer.Number(piece.End);
            writer.Number((int)piece.Kind);
            writer.Number((int)piece.State);
            writer.Number((piece.Joins ? 1 : 0) | (piece.Spans ? 2 : 0));
            writer.Hash(piece.SeparatorHash);
            writer.Hash(piece.Hash);
        }
    }

    /// <summary>Reads a skeleton; the reader tells whether it is one.</summary>
    public static Skeleton Read(ref SnapshotReader reader)
    {
        var id = reader.Hash();
        var bytes = reader.Bytes().ToArray();
        var tailStart = reader.Number(bytes.Length);
        var tailHash = reader.Hash();
        var isTemplate = reader.Flag();
        var touched = reader.Flag();
        var cover = reader.Hash();
        var coverBy = Generalisation.Read(ref reader);
        var pieces = new Piece[reader.Number(LineScanner.MaxTokens)];
        for (var i = 0; i < pieces.Length && !reader.Failed; i++)
        {
            ref var piece = ref pieces[i];
            piece.SeparatorStart = reader.Number(bytes.Length);
            piece.Start = reader.Number(bytes.Length);
            piece.End = reader.Number(bytes.Length);
            piece.Kind = (TokenKind)reader.Number((int)TokenKind.Run);
            piece.State = (SlotState)reader.Number((int)SlotState.Varied);
            var flags = reader.Number(3);
            piece.Joins = (flags & 1) != 0;
            piece.Spans = (flags & 2) != 0;
            piece.SeparatorHash = reader.Hash();
            piece.Hash = reader.Hash();
            if (piece.SeparatorStart > piece.Start || piece.Start > piece.End)
            {
                reader.Fail();
            }
        }

        return new Skeleton(id, bytes, reader.Failed ? [] : pieces, reader.Failed ? 0 : tailStart, tailHash)
        {
            IsTemplate = isTemplate,
            Touched = touched,
            Cover = cover,
            CoverBy = coverBy,
        };
    }
}
