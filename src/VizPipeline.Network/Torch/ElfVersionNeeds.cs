using System.Buffers.Binary;
using System.Text;

namespace VizPipeline.Network.Torch;

/// <summary>
/// Edits the version requirements of a 64-bit little-endian ELF library: the symbol versions that it needs from the libraries that it links
/// to. TorchSharp's shim requires GLIBCXX_3.4.32 for one symbol that it never uses; marked weak, the loader accepts its absence.
/// </summary>
internal static class ElfVersionNeeds
{
    private const ushort Weak = 2;

    /// <summary>Marks the required version <paramref name="version"/> weak wherever it occurs; returns the number of occurrences.</summary>
    /// <exception cref="BadImageFormatException">The bytes are not such a library.</exception>
    public static int Weaken(Span<byte> image, string version)
    {
        if (image.Length < 64 || !image[..6].SequenceEqual((ReadOnlySpan<byte>)[0x7f, (byte)'E', (byte)'L', (byte)'F', 2, 1]))
            throw new BadImageFormatException("not a 64-bit little-endian ELF file");
        const int verneedSection = 0x6ffffffe;
        var (sections, entrySize, count) = ((int)U64(image, 0x28), U16(image, 0x3a), U16(image, 0x3c));
        for (var i = 0; i < count; i++)
        {
            var header = sections + (i * entrySize);
            if (U32(image, header + 4) != verneedSection)
                continue;
            var strings = (int)U64(image, sections + ((int)U32(image, header + 40) * entrySize) + 24);
            return WeakenSection(image, (int)U64(image, header + 24), strings, version);
        }
        return 0;
    }

    private static int WeakenSection(Span<byte> image, int section, int strings, string version)
    {
        var (found, name) = (0, Encoding.ASCII.GetBytes(version + '\0'));
        for (int need = section, nextNeed = -1; nextNeed != 0; need += nextNeed)
        {
            nextNeed = (int)U32(image, need + 12);
            for (int entry = need + (int)U32(image, need + 8), next = -1; next != 0; entry += next)
            {
                next = (int)U32(image, entry + 12);
                if (!image[(strings + (int)U32(image, entry + 8))..].StartsWith(name))
                    continue;
                BinaryPrimitives.WriteUInt16LittleEndian(image[(entry + 4)..], (ushort)(U16(image, entry + 4) | Weak));
                found++;
            }
        }
        return found;
    }

    private static ushort U16(Span<byte> image, int at) => BinaryPrimitives.ReadUInt16LittleEndian(image[at..]);

    private static uint U32(Span<byte> image, int at) => BinaryPrimitives.ReadUInt32LittleEndian(image[at..]);

    private static ulong U64(Span<byte> image, int at) => BinaryPrimitives.ReadUInt64LittleEndian(image[at..]);
}
