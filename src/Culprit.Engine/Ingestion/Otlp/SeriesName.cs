using System.Buffers.Text;
using System.IO.Hashing;
using Culprit.Engine.Ingestion.Lines;

namespace Culprit.Engine.Ingestion.Otlp;

/// <summary>Tells the series of one metric of one service apart: the replica and the attributes of the point, as <c>k=v,k=v</c>.</summary>
/// <remarks>In the order of the names, so that a sender that changes its order starts no new series.</remarks>
internal sealed class SeriesName
{
    /// <summary>A longer name is cut and ends in a hash of the whole.</summary>
    public const int MaxBytes = 200;

    private const int MaxParts = 64;
    private const int HashDigits = 16;

    private readonly TextScratch _parts = new();
    private readonly TextScratch _text = new();
    private readonly (int Start, int Length)[] _places = new (int, int)[MaxParts];

    /// <summary>Empty when there is only one series.</summary>
    public ReadOnlySpan<byte> Text => _text.From(0);

    public void Read(ReadOnlySpan<byte> point, uint attributesTag, ReadOnlySpan<byte> instance)
    {
        _parts.Clear();
        _text.Clear();
        var count = 0;
        var reader = new ProtoReader(point);
        while (count < MaxParts && reader.Read())
        {
            if (reader.Tag == attributesTag && OtlpAttributes.TryReadPair(reader.Content, out var key, out var value))
            {
                var mark = _parts.Mark;
                _parts.Append(key);
                _parts.Append("="u8);
                AppendValue(value);
                Insert(count++, (mark, _parts.Mark - mark));
            }
        }

        if (!instance.IsEmpty)
        {
            _text.Append("instance="u8);
            _text.Append(instance);
        }

        for (var i = 0; i < count; i++)
        {
            if (_text.Mark > 0)
            {
                _text.Append(","u8);
            }

            _text.Append(_parts.From(_places[i].Start)[.._places[i].Length]);
        }

        if (_text.Mark > MaxBytes)
        {
            Shorten();
        }
    }

    private void Insert(int count, (int Start, int Length) place)
    {
        while (count > 0 && Part(place).SequenceCompareTo(Part(_places[count - 1])) < 0)
        {
            _places[count] = _places[count - 1];
            count--;
        }

        _places[count] = place;
    }

    private ReadOnlySpan<byte> Part((int Start, int Length) place) => _parts.From(place.Start)[..place.Length];

    private void AppendValue(ReadOnlySpan<byte> value)
    {
        Span<byte> number = stackalloc byte[32];
        var written = 0;
        var reader = new ProtoReader(value);
        while (reader.Read())
        {
            switch (reader.Tag)
            {
                case (1 << 3) | ProtoReader.Bytes:
                    _parts.Append(reader.Content);
                    break;
                case (2 << 3) | ProtoReader.Varint:
                    _parts.Append(reader.Value != 0 ? "true"u8 : "false"u8);
                    break;
                case (3 << 3) | ProtoReader.Varint when Utf8Formatter.TryFormat((long)reader.Value, number, out written):
                case (4 << 3) | ProtoReader.Fixed64 when Utf8Formatter.TryFormat(reader.Double, number, out written):
                    _parts.Append(number[..written]);
                    break;
                default:
                    // Lists and maps as values of metrics: told apart by their bytes.
                    _ = XxHash3.HashToUInt64(value).TryFormat(number, out written, "x16", System.Globalization.CultureInfo.InvariantCulture);
                    _parts.Append(number[..written]);
                    break;
            }
        }
    }

    private void Shorten()
    {
        Span<byte> digits = stackalloc byte[HashDigits];
        _ = XxHash3.HashToUInt64(Text).TryFormat(digits, out _, "x16", System.Globalization.CultureInfo.InvariantCulture);
        var kept = ByteText.Cut(Text, MaxBytes - HashDigits - 1);
        _parts.Clear();
        _parts.Append(kept);
        _text.Clear();
        _text.Append(_parts.From(0));
        _text.Append("#"u8);
        _text.Append(digits);
    }
}
