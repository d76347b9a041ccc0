namespace Culprit.Engine.Ingestion.Lines;

/// <summary>One JSON object a line, as written by any of the loggers that <see cref="FieldNames"/> knows.</summary>
/// <remarks>
/// Members without a meaning become attributes as they stand; those of <c>context</c> are lifted to the top. Members
/// beyond <see cref="MaxMembers"/>, and all but the first of equal names, are dropped and the record is flagged. A document with
/// <c>@t</c> is a compact log event: <c>@@x</c> there is the property <c>@x</c>, and <c>@r</c> goes into the message.
/// </remarks>
/// <param name="mendsNames">See <see cref="FieldPicks"/>.</param>
internal sealed class JsonLineFormat(TextScratch scratch, bool mendsNames = false) : ILineFormat
{
    private const int MaxMembers = 256;
    private const int MaxPathBytes = 64;

    private readonly JsonMember[] _members = new JsonMember[MaxMembers];
    private readonly FieldPicks _picks = new(scratch, mendsNames);
    private readonly KeySet _names = new();
    private int _count;
    private int _context;
    private int _renderings;
    private bool _isCompact;

    public string Name => "json";

    public bool TryParse(ReadOnlySpan<byte> line, scoped ref LineFields fields)
    {
        if (line.IsEmpty || line[0] != (byte)'{')
        {
            return false;
        }

        _picks.Clear();
        _count = 0;
        _context = -1;
        _renderings = -1;
        _isCompact = false;
        if (!ReadMembers(line, ref fields))
        {
            return false;
        }

        _picks.Fill(line, ref fields);
        if (!_picks.Has(FieldRole.Message) && _picks.Has(FieldRole.Template))
        {
            var renderings = _renderings < 0 ? default : _members[_renderings].ValueIn(line);
            fields.Message = MessageTemplate.Render(
                _picks.Text(FieldRole.Template, line), line, _members.AsSpan(0, _count), renderings, scratch);
        }
        else
        {
            // Not used, so they stay an attribute.
            _renderings = -1;
            if (fields.Message.IsEmpty && !_picks.Has(FieldRole.Message))
            {
                fields.Message = line;
            }
        }

        WriteAttributes(line, ref fields);
        return true;
    }

    private bool ReadMembers(ReadOnlySpan<byte> line, scoped ref LineFields fields)
    {
        Span<byte> path = stackalloc byte[MaxPathBytes];
        var at = 1;
        var isFirst = true;
        while (JsonScan.NextMember(line, ref at, isFirst, out var member))
        {
            isFirst = false;
            var isKept = _count < MaxMembers;
            fields.IsCut |= !isKept;
            if (isKept)
            {
                _members[_count++] = member;
            }

            var name = member.NameIn(line);
            if (name.Length == 2 && name[0] == (byte)'@')
            {
                _isCompact |= name[1] == (byte)'t';
                _renderings = isKept && name[1] == (byte)'r' && line[member.ValueStart] == (byte)'[' ? _count - 1 : _renderings;
            }

            if (member.IsObjectIn(line))
            {
                if (name.SequenceEqual("context"u8) && isKept)
                {
                    _context = _count - 1;
                    OfferNested(line, member, path, 0, 1);
                }
                else if (name.Length < MaxPathBytes && FieldNames.IsParent(name))
                {
                    name.CopyTo(path);
                    OfferNested(line, member, path, name.Length, 1);
                }
            }
            else
            {
                Offer(line, name, member, isKept ? _count - 1 : -1);
            }
        }

        if (at < 0)
        {
            return false;
        }

        // A comma may follow in a file that is one array, an object a line.
        at = JsonScan.SkipSpace(line, at);
        return at == line.Length || (line[at] == (byte)',' && JsonScan.SkipSpace(line, at + 1) == line.Length);
    }

    private void OfferNested(ReadOnlySpan<byte> line, in JsonMember parent, Span<byte> path, int length, int level)
    {
        var at = parent.ValueStart + 1;
        var isFirst = true;
        var prefix = length == 0 ? 0 : length + 1;
        if (length > 0)
        {
            path[length] = (byte)'.';
        }

        while (JsonScan.NextMember(line, ref at, isFirst, out var member))
        {
            isFirst = false;
            var name = member.NameIn(line);
            if (prefix + name.Length >= MaxPathBytes)
            {
                continue;
            }

            name.CopyTo(path[prefix..]);
            var full = path[..(prefix + name.Length)];
            if (!member.IsObjectIn(line))
            {
                Offer(line, full, member, -1, prefix == 0 ? 1000 : 0);
            }
            else if (level < 2 && FieldNames.IsParent(full))
            {
                OfferNested(line, member, path, full.Length, level + 1);
            }
        }
    }

    private void Offer(ReadOnlySpan<byte> line, ReadOnlySpan<byte> name, in JsonMember member, int index, int rankBehind = 0)
    {
        var role = FieldNames.Find(name, out var rank);
        if (role == FieldRole.None || !member.IsScalarIn(line))
        {
            return;
        }

        var quote = member.IsStringIn(line) ? 1 : 0;
        _picks.Offer(role, rank + rankBehind, member.ValueStart + quote, member.ValueEnd - quote, member.IsEscaped, index);
    }

    private void WriteAttributes(ReadOnlySpan<byte> line, scoped ref LineFields fields)
    {
        ReadOnlySpan<int> taken = stackalloc int[]
        {
            Taken(FieldRole.Timestamp), Taken(FieldRole.Level), Taken(FieldRole.Message), Taken(FieldRole.Service),
            Taken(FieldRole.Environment), Taken(FieldRole.TraceId), Taken(FieldRole.SpanId), Taken(FieldRole.SyslogLevel), _renderings,
        };
        _names.Clear();
        for (var i = 0; i < _count; i++)
        {
            if (!_names.Add(0, KeySet.Hash(_members[i].NameIn(line))))
            {
                fields.IsCut = true;
            }
            else if (i == _context)
            {
                AddContext(line, ref fields);
            }
            else if (!taken.Contains(i))
            {
                AddAttribute(_members[i], line, taken, ref fields);
            }
        }
    }

    private void AddAttribute(in JsonMember member, ReadOnlySpan<byte> line, scoped ReadOnlySpan<int> taken, scoped ref LineFields fields)
    {
        var whole = member.WholeIn(line);
        if (_isCompact && whole.StartsWith("\"@@"u8) && !IsAttribute(member.NameIn(line)[1..], line, taken))
        {
            fields.Attributes.AddMember("\""u8);
            fields.Attributes.AppendMember(whole[2..]);
        }
        else
        {
            fields.Attributes.AddMember(whole);
        }
    }

    /// <summary>True when a member of that name stays an attribute: an exception keeps <c>@x</c>, so the property of that name stays escaped.</summary>
    private bool IsAttribute(ReadOnlySpan<byte> name, ReadOnlySpan<byte> line, scoped ReadOnlySpan<int> taken)
    {
        for (var i = 0; i < _count; i++)
        {
            if (!taken.Contains(i) && _members[i].NameIn(line).SequenceEqual(name))
            {
                return true;
            }
        }

        return false;
    }

    private int Taken(FieldRole role) => _picks.Has(role) ? _picks.MemberOf(role) : -1;

    private void AddContext(ReadOnlySpan<byte> line, scoped ref LineFields fields)
    {
        var inside = ByteText.Trim(_members[_context].ValueIn(line)[1..^1]);
        if (!inside.IsEmpty)
        {
            fields.Attributes.AddMember(inside);
        }
    }
}
