using System.Buffers.Binary;
using CsCheck;
using VizPipeline.Jobs;

namespace VizPipeline.Tests.Jobs;

public sealed class ActivationProfilesTests
{
    private static readonly ActivationProfiles Small = new(2, [3, 70], [0.5f, -1, 2, 4.25f]);

    [Fact]
    public void What_is_written_reads_back() => Gen.Select(Gen.Int[0, 5], Gen.Int[0, 100_000].HashSet[0, 6]).Sample((neurons, set) =>
    {
        int[] images = [.. set.Order()];
        var values = Enumerable.Range(0, neurons * images.Length).Select(i => (i - 7) / 3f).ToArray();
        var bytes = new ActivationProfiles(neurons, images, values).Write();
        var read = ActivationProfiles.Read(bytes, "profiles");
        Assert.Equal(neurons, read.Neurons);
        Assert.Equal(images, read.Images);
        Assert.Equal(values, read.Values);
        Assert.Equal(bytes, read.Write());
    });

    [Fact]
    public void The_file_is_as_it_is_described() => Assert.Equal(
        "56495A50524F4631" + "02000000" + "02000000" + "03000000" + "46000000" + "0000003F" + "000080BF" + "00000040" + "00008840",
        Convert.ToHexString(Small.Write()));

    [Fact]
    public void A_file_without_images_has_its_header_only() => Assert.Equal(16, new ActivationProfiles(64, [], []).Write().Length);

    [Theory]
    [InlineData(0, 0, "does not begin")]
    [InlineData(8, -1, "-1 neurons")]
    [InlineData(8, 3, "has 40 bytes, and 3 neurons on 2 images need 48")]
    [InlineData(8, int.MaxValue, "has 40 bytes")]
    [InlineData(12, int.MinValue, "-2147483648 images")]
    [InlineData(12, 1, "has 40 bytes")]
    [InlineData(12, int.MaxValue, "has 40 bytes")]
    [InlineData(16, -3, "image -3 at place 0")]
    [InlineData(16, 70, "image 70 at place 1")]
    [InlineData(16, 71, "image 70 at place 1")]
    [InlineData(36, 0x7F800000, "not a finite number")]
    [InlineData(24, 0x7FC00000, "not a finite number")]
    public void A_damaged_number_is_refused(int offset, int number, string why)
    {
        var bytes = Small.Write();
        BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(offset), number);
        Refused(bytes, why);
    }

    [Fact]
    public void A_file_that_was_cut_or_continued_is_refused()
    {
        var bytes = Small.Write();
        for (var length = 0; length < bytes.Length; length++)
            Refused(bytes[..length], length < 16 ? "does not begin" : $"has {length} bytes");
        Refused([.. bytes, 0], "has 41 bytes");
    }

    [Fact]
    public void Parts_that_do_not_fit_together_are_refused()
    {
        Assert.Throws<ArgumentException>(() => new ActivationProfiles(-1, [], []));
        Assert.Throws<ArgumentException>(() => new ActivationProfiles(2, [1], [0]));
        Assert.Throws<ArgumentException>(() => new ActivationProfiles(1, [1, 1], [0, 0]));
        Assert.Throws<ArgumentException>(() => new ActivationProfiles(1, [1], [float.NaN]));
    }

    private static void Refused(byte[] bytes, string why)
    {
        var message = Assert.Throws<CorruptTableException>(() => ActivationProfiles.Read(bytes, "tables/conv1/profiles.bin")).Message;
        Assert.StartsWith("tables/conv1/profiles.bin: ", message);
        Assert.Contains(why, message);
    }
}
