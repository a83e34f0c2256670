using System.IO.Compression;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.RegularExpressions;

namespace VizPipeline.Tests.Images;

/// <summary>Reads one array of numpy's .npz: a zip with one .npy (magic, version, header text, little-endian data) per array.</summary>
public static class Npz
{
    public static (int[] Shape, T[] Values) Read<T>(string path, string array) where T : unmanaged
    {
        using var zip = ZipFile.OpenRead(path);
        using var stream = zip.GetEntry(array + ".npy")!.Open();
        using var copy = new MemoryStream();
        stream.CopyTo(copy);
        var bytes = copy.ToArray();
        var wide = bytes[6] > 1;
        var headerLength = wide ? BitConverter.ToInt32(bytes, 8) : BitConverter.ToUInt16(bytes, 8);
        var headerStart = wide ? 12 : 10;
        var header = Encoding.Latin1.GetString(bytes, headerStart, headerLength);
        var shape = Regex.Match(header, @"'shape': \(([^)]*)\)").Groups[1].Value
            .Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries).Select(int.Parse).ToArray();
        return (shape, MemoryMarshal.Cast<byte, T>(bytes.AsSpan(headerStart + headerLength)).ToArray());
    }

    /// <summary>A one-dimensional array of numpy's fixed-width unicode strings.</summary>
    public static string[] ReadNames(string path, string array)
    {
        var (shape, code) = Read<int>(path, array);
        var width = code.Length / shape[0];
        return [.. Enumerable.Range(0, shape[0]).Select(i =>
            string.Concat(code.Skip(i * width).Take(width).TakeWhile(c => c != 0).Select(char.ConvertFromUtf32)))];
    }
}
