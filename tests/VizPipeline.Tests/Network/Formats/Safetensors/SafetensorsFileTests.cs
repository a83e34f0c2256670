using System.Buffers.Binary;
using System.Text;
using VizPipeline.Network.Formats;
using VizPipeline.Network.Formats.Safetensors;

namespace VizPipeline.Tests.Network.Formats.Safetensors;

public class SafetensorsFileTests
{
    private const string OneFloat = """{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}""";

    [Fact]
    public void Tiny_darknet_has_its_77_tensors()
    {
        var file = SafetensorsFile.Read(TestData.Path("tiny-darknet", "tiny-darknet.safetensors"));
        var tensors = file.ReadFloats();

        Assert.Equal(77, tensors.Count);
        Assert.Equal([16, 3, 3, 3], tensors["conv1.weight"].Shape);
        Assert.Equal([1000], tensors["conv16.bias"].Shape);
        Assert.All(tensors.Values, tensor => Assert.All(tensor.Values, value => Assert.True(float.IsFinite(value))));
    }

    [Fact]
    public void Every_number_type_becomes_float()
    {
        var writer = new SafetensorsWriter()
            .Add("F16", ElementType.F16, Bytes(2, b => BinaryPrimitives.WriteHalfLittleEndian(b, (Half)1.5)), 1)
            .Add("BF16", ElementType.BF16, new byte[] { 0xc0, 0x3f }, 1)
            .Add("F64", [1.5], 1)
            .Add("F32", [1.5f], 1)
            .Add("I64", [-2L], 1)
            .Add("I32", [-2], 1)
            .Add("I16", ElementType.I16, new byte[] { 0xfe, 0xff }, 1)
            .Add("I8", ElementType.I8, new byte[] { 0xfe }, 1)
            .Add("U8", new byte[] { 254 }, 1)
            .Add("U16", ElementType.U16, new byte[] { 0xfe, 0xff }, 1)
            .Add("U32", ElementType.U32, new byte[] { 0xfe, 0xff, 0xff, 0xff }, 1)
            .Add("U64", ElementType.U64, new byte[] { 2, 0, 0, 0, 0, 0, 0, 0 }, 1)
            .Add("BOOL", ElementType.Bool, new byte[] { 1 }, 1);

        var floats = Read(writer).ReadFloats().ToDictionary(pair => pair.Key, pair => Assert.Single(pair.Value.Values));

        float[] expected = [1.5f, 1.5f, 1.5f, 1.5f, -2, -2, -2, -2, 254, 65534, 4294967294f, 2, 1];
        Assert.Equal(expected, floats.Values);
    }

    [Fact]
    public void Arrays_are_read_only_as_the_type_that_is_stored()
    {
        var file = Read(new SafetensorsWriter().Add("a", [1L, 2], 2));

        Assert.Equal([1L, 2], file.ReadArray<long>("a"));
        Assert.Contains(
            "stored as I64", Assert.Throws<ModelFormatException>(() => file.ReadArray<int>("a")).Message, StringComparison.Ordinal);
        Assert.Contains("no tensor 'b'", Assert.Throws<ModelFormatException>(() => file.ReadFloats("b")).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Metadata_scalars_and_empty_tensors_are_read()
    {
        var file = Read(
            """{"__metadata__":{"format":"pt"},"s":{"dtype":"F32","shape":[],"data_offsets":[0,4]},"e":"""
            + """{"dtype":"F32","shape":[0,7],"data_offsets":[4,4]}}   """,
            4);

        Assert.Equal("pt", file.Metadata["format"]);
        Assert.Empty(file.ReadFloats("s").Shape);
        Assert.Equal([0, 7], file.ReadFloats("e").Shape);
    }

    [Theory]
    [InlineData("header_invalid", "[]", 0, "does not start with '{'")]
    [InlineData("not_json", "{a}", 0, "not valid JSON")]
    [InlineData("lone_surrogate", """{"\ud800":{"dtype":"F32","shape":[],"data_offsets":[0,4]}}""", 4, "not valid JSON")]
    [InlineData("deep", """{"a":[[[[[[[[[[[]]]]]]]]]]]}""", 0, "not valid JSON")]
    [InlineData(
        "duplicate_key",
        """{"a":{"dtype":"F32","shape":[],"data_offsets":[0,4]},"a":{"dtype":"F32","shape":[],"data_offsets":[4,8]}}""",
        8, "not valid JSON")]
    [InlineData("metadata_not_text", """{"__metadata__":{"a":1}}""", 0, "metadata 'a'")]
    [InlineData("no_dtype", """{"a":{"shape":[],"data_offsets":[0,4]}}""", 4, "without a proper 'dtype'")]
    [InlineData("no_shape", """{"a":{"dtype":"F32","shape":1,"data_offsets":[0,4]}}""", 4, "without a proper 'shape'")]
    [InlineData("unknown_dtype", """{"a":{"dtype":"F8_E4M3","shape":[4],"data_offsets":[0,4]}}""", 4, "dtype F8_E4M3")]
    [InlineData("negative_extent", """{"a":{"dtype":"F32","shape":[-1],"data_offsets":[0,4]}}""", 4, "extent")]
    [InlineData("fractional_extent", """{"a":{"dtype":"F32","shape":[1.5],"data_offsets":[0,4]}}""", 4, "extent")]
    [InlineData("overflow", """{"a":{"dtype":"F32","shape":[2147483647,2147483647,4],"data_offsets":[0,4]}}""", 4, "64 bits")]
    [InlineData(
        "overflow_behind_zero",
        """{"a":{"dtype":"F32","shape":[0,2147483647,2147483647,2147483647],"data_offsets":[0,0]}}""",
        0, "64 bits")]
    [InlineData("wrong_size", """{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,4]}}""", 4, "needs 8")]
    [InlineData("reversed_offsets", """{"a":{"dtype":"F32","shape":[1],"data_offsets":[4,0]}}""", 4, "data_offsets")]
    [InlineData("three_offsets", """{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4,8]}}""", 8, "data_offsets")]
    [InlineData("out_of_range", """{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}""", 4, "end at byte 8")]
    [InlineData(
        "overlap",
        """{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"b":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}""",
        8, "overlap")]
    [InlineData("hole_at_start", """{"a":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}""", 8, "gap")]
    [InlineData("rest_without_owner", OneFloat, 8, "4 bytes after its last tensor")]
    public void Broken_rules_are_named(string rule, string header, int dataBytes, string message)
    {
        var refusal = Assert.Throws<ModelFormatException>(() => Read(header, dataBytes));
        Assert.True(refusal.Message.Contains(message, StringComparison.Ordinal), $"{rule}: {refusal.Message}");
        Assert.StartsWith("test: ", refusal.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(100_000_001, "100000001")]
    [InlineData(60, "has only 58")]
    [InlineData(-1, "18446744073709551615")]
    public void A_header_length_that_cannot_be_is_refused(long length, string message)
    {
        var bytes = FileOf(OneFloat, 4);
        BinaryPrimitives.WriteInt64LittleEndian(bytes, length);
        var refusal = Assert.Throws<ModelFormatException>(() => SafetensorsFile.Read(bytes, "test"));
        Assert.Contains(message, refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_file_that_shrinks_after_its_header_was_read_is_an_error_not_zeros()
    {
        using var folder = new TempFolder();
        var path = folder.Write("a.safetensors", FileOf(OneFloat, 4));
        var file = SafetensorsFile.Read(path);
        folder.Write("a.safetensors", FileOf(OneFloat, 2));

        Assert.Throws<ModelFormatException>(() => file.ReadFloats());
    }

    [Fact]
    public void A_missing_file_and_a_folder_are_named()
    {
        using var folder = new TempFolder();
        Assert.Contains("does not exist", Assert.Throws<ModelFormatException>(
            () => SafetensorsFile.Read(folder.Path("none"))).Message, StringComparison.Ordinal);
        Assert.Contains("is a folder", Assert.Throws<ModelFormatException>(
            () => SafetensorsFile.Read(folder.Path("."))).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Damage_is_read_or_refused()
    {
        var writer = new SafetensorsWriter().Add("first.weight", [1f, 2, 3, 4, 5, 6], 2, 3).Add("first.bias", [1L, 2], 2);
        writer.Metadata["format"] = "pt";
        MutationFuzz.Check(Written(writer), path => SafetensorsFile.Read(path).ReadFloats(), ".safetensors");
    }

    private static SafetensorsFile Read(string header, int dataBytes) => SafetensorsFile.Read(FileOf(header, dataBytes), "test");

    private static SafetensorsFile Read(SafetensorsWriter writer) => SafetensorsFile.Read(Written(writer), "test");

    private static byte[] Written(SafetensorsWriter writer)
    {
        using var stream = new MemoryStream();
        writer.WriteTo(stream);
        return stream.ToArray();
    }

    private static byte[] FileOf(string header, int dataBytes)
    {
        var text = Encoding.UTF8.GetBytes(header);
        var file = new byte[8 + text.Length + dataBytes];
        BinaryPrimitives.WriteInt64LittleEndian(file, text.Length);
        text.CopyTo(file, 8);
        return file;
    }

    private static byte[] Bytes(int count, Action<byte[]> fill)
    {
        var bytes = new byte[count];
        fill(bytes);
        return bytes;
    }
}
