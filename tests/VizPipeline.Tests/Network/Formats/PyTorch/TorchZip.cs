using System.IO.Compression;

namespace VizPipeline.Tests.Network.Formats.PyTorch;

/// <summary>Packs a pickle and storages as torch.save does.</summary>
internal static class TorchZip
{
    public static byte[] Of(byte[] pickle, params (string Name, byte[] Bytes)[] parts)
        => Packed(CompressionLevel.NoCompression, pickle, parts);

    public static byte[] Packed(CompressionLevel level, byte[] pickle, params (string Name, byte[] Bytes)[] parts)
    {
        using var stream = new MemoryStream();
        using (var zip = new ZipArchive(stream, ZipArchiveMode.Create))
        {
            foreach (var (name, bytes) in parts.Prepend(("data.pkl", pickle)))
            {
                using var entry = zip.CreateEntry("net/" + name, level).Open();
                entry.Write(bytes);
            }
        }
        return stream.ToArray();
    }

    public static (string Name, byte[] Bytes) Floats(string key, params float[] values)
        => ("data/" + key, [.. values.SelectMany(BitConverter.GetBytes)]);
}
