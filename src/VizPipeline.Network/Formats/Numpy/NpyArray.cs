using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Text;

namespace VizPipeline.Network.Formats.Numpy;

/// <summary>A NumPy array of numbers (f2, f4, f8, signed and unsigned integers, bool) or text (U), held in row-major order.</summary>
public sealed class NpyArray
{
    private readonly string _file;
    private readonly NpyType _type;
    private readonly byte[] _bytes;

    private NpyArray(string file, NpyType type, int[] shape, byte[] bytes)
    {
        this._file = file;
        this._type = type;
        Shape = shape;
        this._bytes = bytes;
    }

    /// <summary>Extents, outermost first; empty for a scalar.</summary>
    public IReadOnlyList<int> Shape { get; }

    /// <summary>NumPy's name of the element type, for example <c>&lt;f4</c>.</summary>
    public string DType => _type.Descr;

    /// <summary>Whether the elements are text.</summary>
    public bool IsText => _type.Number is null;

    /// <summary>The elements' bytes, little-endian; each character of text takes four (UTF-32), padded with zeros.</summary>
    public ReadOnlySpan<byte> Data => _bytes;

    /// <summary>The number of elements.</summary>
    public int Count => _bytes.Length / _type.Size;

    /// <summary>Reads a .npy file.</summary>
    /// <exception cref="ModelFormatException">The file cannot be read or is not a .npy file.</exception>
    public static NpyArray Read(string path)
    {
        var source = ByteSource.FromFile(path);
        using var stream = source.Open();
        return Read(stream, source.Length, path);
    }

    /// <summary>Writes float32 in C order, version 1.0, atomically.</summary>
    public static void Write(string path, FloatTensor tensor)
    {
        ArgumentNullException.ThrowIfNull(tensor);
        AtomicFile.Write(path, stream => Write(stream, tensor));
    }

    /// <summary>Writes float32 in C order, version 1.0. The same values give the same bytes.</summary>
    public static void Write(Stream stream, FloatTensor tensor)
    {
        ArgumentNullException.ThrowIfNull(stream);
        ArgumentNullException.ThrowIfNull(tensor);
        var shape = tensor.Shape.Length == 1 ? $"({tensor.Shape[0]},)" : $"({string.Join(", ", tensor.Shape)})";
        var header = $"{{'descr': '<f4', 'fortran_order': False, 'shape': {shape}, }}";
        // Magic, version and length take ten bytes; NumPy aligns the data to 64 bytes.
        header = header.PadRight((header.Length + 11 + 63) / 64 * 64 - 11) + '\n';
        Span<byte> prefix = [0x93, (byte)'N', (byte)'U', (byte)'M', (byte)'P', (byte)'Y', 1, 0, 0, 0];
        BinaryPrimitives.WriteUInt16LittleEndian(prefix[8..], (ushort)header.Length);
        stream.Write(prefix);
        stream.Write(Encoding.ASCII.GetBytes(header));
        stream.Write(MemoryMarshal.AsBytes(tensor.Values.AsSpan()));
    }

    /// <summary>Returns the numbers as float32.</summary>
    /// <exception cref="ModelFormatException">The elements are text.</exception>
    public float[] ToFloats()
    {
        var floats = new float[NumberCount()];
        Elements.ToFloats(_bytes, _type.Number!.Value, floats);
        return floats;
    }

    /// <summary>Returns the array as a named tensor.</summary>
    /// <exception cref="ModelFormatException">The elements are text.</exception>
    public FloatTensor ToTensor(string name) => new(name, [.. Shape], ToFloats());

    internal static NpyArray Read(Stream stream, long length, string file)
    {
        var header = NpyHeader.Read(stream, file);
        var type = NpyType.Parse(header.Descr, file);
        if (Elements.Count(header.Shape) is not { } count || (Int128)count * Math.Max(type.Size, 4) > Array.MaxLength)
            throw new ModelFormatException(file, $"has the shape [{string.Join(", ", header.Shape)}], which is too large");
        var size = count * type.Size;
        // Checked before allocating: a header of a hundred bytes can claim gigabytes.
        if (size > length)
        {
            throw new ModelFormatException(
                file,
                $"is {length} bytes long, but its shape [{string.Join(", ", header.Shape)}] of {header.Descr} needs {size}",
                "it may be a partial download: fetch it again");
        }
        var bytes = new byte[size];
        NpyHeader.Fill(stream, bytes, file);
        if (stream.ReadByte() >= 0)
            throw new ModelFormatException(file, "has extra bytes after its array");
        if (header.FortranOrder && header.Shape.Length > 1)
            bytes = RowMajor(bytes, header.Shape, type.Size);
        return new NpyArray(file, type, header.Shape, bytes);
    }

    private int NumberCount()
        => IsText ? throw new ModelFormatException(_file, $"has elements of type {DType}, which are not numbers") : Count;

    // In Fortran order the first index varies fastest. Walks the target in order and computes the matching source position.
    private static byte[] RowMajor(byte[] source, int[] shape, int size)
    {
        var target = new byte[source.Length];
        var steps = new int[shape.Length];
        var index = new int[shape.Length];
        for (var (axis, step) = (0, size); axis < shape.Length; step *= shape[axis++])
            steps[axis] = step;
        var from = 0;
        for (var to = 0; to < target.Length; to += size)
        {
            Buffer.BlockCopy(source, from, target, to, size);
            for (var axis = shape.Length - 1; axis >= 0; axis--)
            {
                from += steps[axis];
                if (++index[axis] < shape[axis])
                    break;
                from -= steps[axis] * shape[axis];
                index[axis] = 0;
            }
        }
        return target;
    }
}
