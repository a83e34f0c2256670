using System.Buffers.Binary;
using System.Text;
using VizPipeline.Network.Formats;
using VizPipeline.Network.Formats.Numpy;

namespace VizPipeline.Tests.Network.Formats.Numpy;

public class NpyArrayTests
{
    [Fact]
    public void What_was_written_is_read_again()
    {
        using var folder = new TempFolder();
        var path = folder.Path("a.npy");
        NpyArray.Write(path, new FloatTensor("a", [2, 3], [1, 2, 3, 4, 5, 6]));

        var array = NpyArray.Read(path);
        Assert.Equal([2, 3], array.Shape);
        Assert.Equal("<f4", array.DType);
        Assert.Equal([1, 2, 3, 4, 5, 6], array.ToFloats());
        Assert.Equal(128 + 24, new FileInfo(path).Length);
    }

    [Theory]
    [InlineData("<f4", 4, "0000803f00000040", new float[] { 1, 2 })]
    [InlineData("<f2", 2, "003c0040", new float[] { 1, 2 })]
    [InlineData("<f8", 8, "000000000000f03f0000000000000040", new float[] { 1, 2 })]
    [InlineData("|i1", 1, "01fe", new float[] { 1, -2 })]
    [InlineData("|u1", 1, "01fe", new float[] { 1, 254 })]
    [InlineData("<i2", 2, "0100feff", new float[] { 1, -2 })]
    [InlineData("<u2", 2, "0100feff", new float[] { 1, 65534 })]
    [InlineData("<i4", 4, "01000000feffffff", new float[] { 1, -2 })]
    [InlineData("<u4", 4, "0100000000010000", new float[] { 1, 256 })]
    [InlineData("<i8", 8, "0100000000000000feffffffffffffff", new float[] { 1, -2 })]
    [InlineData("<u8", 8, "01000000000000000001000000000000", new float[] { 1, 256 })]
    [InlineData("|b1", 1, "0100", new float[] { 1, 0 })]
    public void Every_number_type_becomes_float(string descr, int size, string hex, float[] expected)
    {
        var bytes = Convert.FromHexString(hex);
        Assert.Equal(2 * size, bytes.Length);
        Assert.Equal(expected, Read(FileOf(1, $"{{'descr': '{descr}', 'fortran_order': False, 'shape': (2,), }}", bytes)).ToFloats());
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void Fortran_order_and_all_versions_are_read(byte version)
    {
        // Element [i,j,k] is 100 i + 10 j + k; in Fortran's order the first index runs fastest.
        byte[] numbers = [0, 100, 10, 110, 20, 120, 1, 101, 11, 111, 21, 121];
        var array = Read(FileOf(version, "{\"shape\":(2,3,2),'fortran_order':True,'descr':'|u1'}\n", numbers));
        Assert.Equal([0, 1, 10, 11, 20, 21, 100, 101, 110, 111, 120, 121], array.ToInts());
    }

    [Fact]
    public void Text_and_scalars_are_read()
    {
        var text = Read(FileOf(
            1, "{'descr': '<U2', 'fortran_order': False, 'shape': (2,), }",
            [.. Encoding.UTF32.GetBytes("a"), 0, 0, 0, 0, .. Encoding.UTF32.GetBytes("bc")]));
        Assert.Equal(["a", "bc"], text.ToStrings());
        Assert.Throws<ModelFormatException>(() => text.ToFloats());

        var scalar = Read(FileOf(1, "{'descr': '<i4', 'fortran_order': False, 'shape': (), }", [7, 0, 0, 0]));
        Assert.Empty(scalar.Shape);
        Assert.Equal([7], scalar.ToInts());
    }

    [Theory]
    [InlineData("{'descr': '>f4', 'fortran_order': False, 'shape': (1,), }", "big-endian")]
    [InlineData("{'descr': '|O', 'fortran_order': False, 'shape': (1,), }", "elements of type '|O'")]
    [InlineData("{'descr': [('x', '<f4')], 'fortran_order': False, 'shape': (1,), }", "simple dtype")]
    [InlineData("{'descr': '<f4', 'fortran_order': False, 'shape': (1000000000, 1000000000), }", "too large")]
    [InlineData("{'descr': '<f4', 'fortran_order': False, 'shape': (100000,), }", "needs 400000")]
    [InlineData("{'descr': '<f4', 'fortran_order': False, 'shape': (-1,), }", "not an integer")]
    [InlineData("{'descr': '<f4', 'fortran_order': False, 'shape': (99999999999999999999,), }", "not an integer")]
    [InlineData("{'descr': '<f4', 'fortran_order': False, 'shape': (0,), }", "extra bytes after its array")]
    [InlineData("{'descr': '<f4', 'fortran_order': False, 'shape': __import__('os').system('id'), }", "lacks a '('")]
    [InlineData("__import__('os').system('id')", "lacks a '{'")]
    [InlineData("{'descr': '<f4', 'fortran_order': False}", "lacks one of")]
    [InlineData("{'descr': '<f4', 'descr': '<f4', 'fortran_order': False, 'shape': (1,)}", "'descr' twice")]
    [InlineData("{'descr': '<f4', 'fortran_order': False, 'shape': (1,), 'x': 1}", "unknown key")]
    [InlineData("{'descr': '<f4', 'fortran_order': None, 'shape': (1,)}", "neither True nor False")]
    [InlineData("{'descr': '<f4', 'fortran_order': False, 'shape': (1,)} x", "extra text after its dictionary")]
    [InlineData("{'descr': '<f4", "unterminated string")]
    public void Hostile_headers_are_named(string header, string message)
    {
        var refusal = Assert.Throws<ModelFormatException>(() => Read(FileOf(1, header, [0, 0, 0, 0])));
        Assert.Contains(message, refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_header_that_claims_gigabytes_is_refused()
    {
        byte[] file = [0x93, .. "NUMPY"u8, 2, 0, 0xff, 0xff, 0xff, 0x7f];
        Assert.Contains(
            "more than the maximum of 10000", Assert.Throws<ModelFormatException>(() => Read(file)).Message, StringComparison.Ordinal);
        Assert.Contains(
            "version 9", Assert.Throws<ModelFormatException>(() => Read([0x93, .. "NUMPY"u8, 9, 0])).Message, StringComparison.Ordinal);
        Assert.Contains(
            "not a NumPy array", Assert.Throws<ModelFormatException>(() => Read(new byte[20])).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Damage_is_read_or_refused()
    {
        var valid = FileOf(1, "{'descr': '<f2', 'fortran_order': True, 'shape': (3, 2), }   \n", new byte[12]);
        MutationFuzz.Check(valid, path => NpyArray.Read(path).ToFloats(), ".npy");
    }

    internal static byte[] FileOf(byte version, string header, byte[] data)
    {
        var text = Encoding.UTF8.GetBytes(header);
        var length = new byte[version == 1 ? 2 : 4];
        if (version == 1)
            BinaryPrimitives.WriteUInt16LittleEndian(length, (ushort)text.Length);
        else
            BinaryPrimitives.WriteInt32LittleEndian(length, text.Length);
        return [0x93, .. "NUMPY"u8, version, 0, .. length, .. text, .. data];
    }

    private static NpyArray Read(byte[] bytes)
    {
        using var folder = new TempFolder();
        return NpyArray.Read(folder.Write("test.npy", bytes));
    }
}
