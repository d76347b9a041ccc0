using System.Text;
using Culprit.Engine.Ingestion.Lines;

namespace Culprit.Engine.Ingestion.Mapping;

/// <summary>Names with text values that stand beside entries: Loki's labels, HEC's fields, resource attributes.</summary>
/// <remarks>They mean what fields of those names mean in a document. Not thread-safe; one set is used again and again.</remarks>
internal sealed class EntryLabels
{
    /// <summary>Further labels are dropped and the record is flagged.</summary>
    public const int MaxLabels = EventLimits.MaxFields;

    /// <summary>Longer values are cut and the record is flagged: it stands in every record of its stream.</summary>
    public const int MaxValueBytes = 64 * 1024;

    private const int MaxNameBytes = 1024;

    private readonly TextScratch _values = new();
    private readonly TextScratch _mended = new();
    private readonly AttributeBuffer _found = new();
    private readonly AttributeBuffer _rest = new();
    private readonly FieldPicks _picks;
    private readonly KeySet _names = new();
    private readonly Label[] _labels = new Label[MaxLabels];
    private int _count;
    private readonly byte[] _lastService;
    private bool _isCut;
    private bool _isLaidOut;

    /// <param name="lastService">A label that names the service where no other does.</param>
    public EntryLabels(string lastService = "")
    {
        _picks = new FieldPicks(_mended, mendsNames: true);
        _lastService = Encoding.UTF8.GetBytes(lastService);
    }

    public bool IsEmpty => _count == 0;

    public void Clear()
    {
        _values.Clear();
        _mended.Clear();
        _picks.Clear();
        _names.Clear();
        _count = 0;
        _isCut = false;
        _isLaidOut = false;
    }

    /// <summary>Adds one label, unescaped UTF-8; a second one of that name is dropped.</summary>
    public void Add(ReadOnlySpan<byte> name, ReadOnlySpan<byte> value)
    {
        name = LineCleaner.Clean(name, _mended, out _);
        value = LineCleaner.Clean(value, _mended, out _);
        _isCut |= value.Length > MaxValueBytes;
        value = ByteText.Cut(value, MaxValueBytes);
        if (_count == MaxLabels || name.Length > MaxNameBytes || !_names.Add(0, KeySet.Hash(name)))
        {
            _isCut = true;
            return;
        }

        var nameStart = _values.Mark;
        _values.Append(name);
        var valueStart = _values.Mark;
        _values.Append(value);
        _labels[_count] = new Label(nameStart, valueStart, _values.Mark);
        var role = FieldNames.Find(name, out var rank);
        if (role is not (FieldRole.None or FieldRole.Message or FieldRole.Timestamp or FieldRole.Error or FieldRole.ServiceOrLogger))
        {
            _picks.Offer(role, rank, valueStart, _values.Mark, false, _count);
        }

        else if (name.SequenceEqual(_lastService) && !name.IsEmpty)
        {
            _picks.Offer(FieldRole.Service, int.MaxValue, valueStart, _values.Mark, false, _count);
        }

        _count++;
        _isLaidOut = false;
    }

    /// <summary>Gives the entry what it lacks, and the labels without a meaning as attributes. Readable until <see cref="Clear"/>.</summary>
    /// <param name="nearer">Labels that the entry was given before: of one name theirs stands.</param>
    public void Fill(scoped ref EntryFields entry, EntryLabels? nearer = null)
    {
        if (_count == 0)
        {
            return;
        }

        _mended.Clear();
        var all = _values.From(0);
        var fields = new LineFields(_found) { IsCut = _isCut };
        _picks.Fill(all, ref fields);
        entry.TakeMissing(fields);
        if (nearer is { _count: > 0 })
        {
            LayOut(all, nearer);
        }
        else if (!_isLaidOut)
        {
            LayOut(all, null);
            _isLaidOut = true;
        }

        if (!_rest.IsEmpty)
        {
            entry.Attributes.AddMember(_rest.Object[1..^1]);
        }
    }

    private void LayOut(ReadOnlySpan<byte> all, EntryLabels? nearer)
    {
        _isLaidOut = false;
        _rest.Clear();
        for (var i = 0; i < _count; i++)
        {
            var label = _labels[i];
            var name = all[label.NameStart..label.ValueStart];
            if (!IsTaken(i) && nearer?._names.Contains(0, KeySet.Hash(name)) != true)
            {
                _rest.AddText(name, all[label.ValueStart..label.End]);
            }
        }
    }

    private bool IsTaken(int index) =>
        Takes(FieldRole.Service, index) || Takes(FieldRole.Level, index) || Takes(FieldRole.Environment, index)
        || Takes(FieldRole.TraceId, index) || Takes(FieldRole.SpanId, index);

    private bool Takes(FieldRole role, int index) => _picks.Has(role) && _picks.MemberOf(role) == index;

    private readonly record struct Label(int NameStart, int ValueStart, int End);
}
