using System.Buffers.Binary;
using System.IO.Hashing;
using System.Numerics;

namespace Culprit.Engine.Ingestion;

/// <summary>Remembers the member names of the objects of one event, to find repeated keys.</summary>
/// <remarks>
/// Holds 64-bit hashes. A sender who constructs a collision only gets an event of its own refused. Reused for many
/// events: clearing is a change of generation, and a table that one large event blew up is given back.
/// </remarks>
internal sealed class KeySet
{
    private const int InitialSize = 512;
    private const int MaxKeptSize = 64 * 1024;

    private Entry[] _entries = new Entry[InitialSize];
    private uint _generation = 1;
    private int _count;

    public void Clear()
    {
        _count = 0;
        if (_entries.Length > MaxKeptSize || _generation == uint.MaxValue)
        {
            _entries = new Entry[InitialSize];
            _generation = 0;
        }

        _generation++;
    }

    /// <summary>False when the object numbered <paramref name="owner"/> already has a member of that hash.</summary>
    public bool Add(int owner, ulong nameHash)
    {
        if (2 * _count >= _entries.Length)
        {
            Grow();
        }

        var key = Mix(owner, nameHash);
        if (!Insert(_entries, key))
        {
            return false;
        }

        _count++;
        return true;
    }

    public bool Contains(int owner, ulong nameHash)
    {
        var key = Mix(owner, nameHash);
        var mask = _entries.Length - 1;
        for (var i = (int)key & mask; _entries[i].Generation == _generation; i = (i + 1) & mask)
        {
            if (_entries[i].Key == key)
            {
                return true;
            }
        }

        return false;
    }

    public static ulong Hash(ReadOnlySpan<byte> name)
    {
        ulong a, b;
        switch (name.Length)
        {
            case > 16:
                return XxHash3.HashToUInt64(name);
            case >= 8:
                a = BinaryPrimitives.ReadUInt64LittleEndian(name);
                b = BinaryPrimitives.ReadUInt64LittleEndian(name[^8..]);
                break;
            case >= 4:
                a = BinaryPrimitives.ReadUInt32LittleEndian(name);
                b = BinaryPrimitives.ReadUInt32LittleEndian(name[^4..]);
                break;
            case 0:
                return 0x9E3779B97F4A7C15;
            default:
                a = name[0] | ((ulong)name[name.Length / 2] << 8);
                b = name[^1];
                break;
        }

        var hash = (a ^ ((ulong)name.Length << 56)) * 0x9E3779B97F4A7C15;
        hash = (BitOperations.RotateLeft(hash, 29) ^ b) * 0xD6E8FEB86659FD93;
        return hash ^ (hash >> 32);
    }

    private static ulong Mix(int owner, ulong nameHash) => nameHash ^ (((ulong)owner + 1) * 0xC2B2AE3D27D4EB4F);

    private bool Insert(Entry[] entries, ulong key)
    {
        var mask = entries.Length - 1;
        var i = (int)key & mask;
        for (; entries[i].Generation == _generation; i = (i + 1) & mask)
        {
            if (entries[i].Key == key)
            {
                return false;
            }
        }

        entries[i] = new Entry(key, _generation);
        return true;
    }

    private void Grow()
    {
        var larger = new Entry[_entries.Length * 2];
        foreach (var entry in _entries)
        {
            if (entry.Generation == _generation)
            {
                Insert(larger, entry.Key);
            }
        }

        _entries = larger;
    }

    private readonly record struct Entry(ulong Key, uint Generation);
}
