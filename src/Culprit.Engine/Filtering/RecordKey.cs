using System.Buffers.Binary;
using System.IO.Hashing;
using Culprit.Engine.Records;

namespace Culprit.Engine.Filtering;

/// <summary>Some fields of a record as one number: records with the same values have the same key in every process.</summary>
internal static class RecordKey
{
    public static ulong Of(ReadOnlySpan<FilterField> fields, in LogRecord record, FilterContext context)
    {
        ulong key = 0;
        Span<byte> fixedBytes = stackalloc byte[9];
        foreach (var field in fields)
        {
            var value = field.Read(record, context);
            fixedBytes[0] = (byte)value.Kind;
            BinaryPrimitives.WriteInt64LittleEndian(fixedBytes[1..], value.Kind switch
            {
                // -0 and 0 are one number, but two patterns of bits.
                FieldValueKind.Number => BitConverter.DoubleToInt64Bits(value.Number == 0 ? 0 : value.Number),
                FieldValueKind.Text => value.Utf8.Length,
                _ => value.Ordinal,
            });
            key = XxHash3.HashToUInt64(fixedBytes, unchecked((long)key));
            if (value.Kind == FieldValueKind.Text)
            {
                key = XxHash3.HashToUInt64(value.Utf8, unchecked((long)key));
            }
        }

        return key;
    }
}
