using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Text;
using VizPipeline.Jobs;

namespace VizPipeline.ActivationStore;

/// <summary>
/// Two-dimensional NumPy files of one fixed layout: version 1.0, little-endian, the header padded to a multiple of 64 bytes. The header
/// follows from type and shape, so a reader knows the place of every value without reading it.
/// </summary>
public static class NpyMatrix
{
    /// <summary>Returns the bytes before the first value.</summary>
    /// <param name="rows">The first extent.</param>
    /// <param name="columns">The second extent.</param>
    /// <param name="byColumn">Whether the values of one column lie together (Fortran order) rather than those of one row.</param>
    /// <typeparam name="T">
    /// The element type: <see cref="Half"/>, <see cref="float"/>, <see cref="int"/>, <see cref="ushort"/> or <see cref="uint"/>.
    /// </typeparam>
    public static byte[] Header<T>(int rows, int columns, bool byColumn)
        where T : unmanaged
    {
        var text = $"{{'descr': '{ElementType<T>()}', 'fortran_order': {(byColumn ? "True" : "False")}, 'shape': ({rows}, {columns}), }}";
        // Magic, version and length take ten bytes; NumPy aligns the values to 64 bytes.
        text = text.PadRight((text.Length + 11 + 63) / 64 * 64 - 11) + '\n';
        var header = new byte[10 + text.Length];
        ReadOnlySpan<byte> magic = [0x93, (byte)'N', (byte)'U', (byte)'M', (byte)'P', (byte)'Y', 1, 0];
        magic.CopyTo(header);
        BinaryPrimitives.WriteUInt16LittleEndian(header.AsSpan(8), (ushort)text.Length);
        Encoding.ASCII.GetBytes(text, header.AsSpan(10));
        return header;
    }

    /// <summary>Returns a whole file.</summary>
    /// <param name="values">The values, rows x columns, in the order that <paramref name="byColumn"/> names.</param>
    /// <param name="rows">The first extent.</param>
    /// <param name="columns">The second extent.</param>
    /// <param name="byColumn">Whether the values of one column lie together.</param>
    /// <exception cref="ArgumentException">The number of values is another one.</exception>
    /// <typeparam name="T">The element type, as for <see cref="Header"/>.</typeparam>
    public static byte[] Write<T>(ReadOnlySpan<T> values, int rows, int columns, bool byColumn)
        where T : unmanaged
    {
        if (values.Length != (long)rows * columns)
            throw new ArgumentException($"{values.Length} values are no matrix of {rows} x {columns}", nameof(values));
        var header = Header<T>(rows, columns, byColumn);
        var file = new byte[checked(header.Length + (values.Length * Marshal.SizeOf<T>()))];
        header.CopyTo(file, 0);
        MemoryMarshal.AsBytes(values).CopyTo(file.AsSpan(header.Length));
        return file;
    }

    /// <summary>Returns the values of a file that <see cref="Write"/> has made; nothing is copied.</summary>
    /// <param name="file">The file.</param>
    /// <param name="name">Its name, for the message.</param>
    /// <param name="rows">The expected first extent.</param>
    /// <param name="columns">The expected second extent.</param>
    /// <param name="byColumn">The expected order.</param>
    /// <exception cref="CorruptTableException">The file has another type, shape, order or length.</exception>
    /// <typeparam name="T">The element type, as for <see cref="Header"/>.</typeparam>
    public static ReadOnlySpan<T> Read<T>(ReadOnlySpan<byte> file, string name, int rows, int columns, bool byColumn)
        where T : unmanaged
    {
        var header = Header<T>(rows, columns, byColumn);
        if (!file.StartsWith(header))
            throw new CorruptTableException($"{name}: is no NumPy file of {rows} x {columns} values of type {ElementType<T>()}");
        var length = header.Length + ((long)rows * columns * Marshal.SizeOf<T>());
        if (file.Length != length)
            throw new CorruptTableException($"{name}: has {file.Length} bytes instead of {length}");
        return MemoryMarshal.Cast<byte, T>(file[header.Length..]);
    }

    private static string ElementType<T>()
        where T : unmanaged
    {
        return default(T) switch
        {
            Half => "<f2",
            float => "<f4",
            int => "<i4",
            ushort => "<u2",
            uint => "<u4",
            _ => throw new NotSupportedException($"{typeof(T).Name} is no element type of the activation store"),
        };
    }
}
