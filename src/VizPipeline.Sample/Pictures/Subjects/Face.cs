using SkiaSharp;

namespace VizPipeline.Sample.Pictures.Subjects;

/// <summary>A person's face, or a smiley.</summary>
internal static class Face
{
    public static void Draw(Brush brush)
    {
        var dice = brush.Dice;
        var smiley = dice.Chance(0.25f);
        var skin = smiley
            ? brush.Palette.Near(50, 85, 95)
            : brush.Palette.Near(dice.Between(16, 32), dice.Between(25, 60), dice.Between(45, 98), 0.4f);
        var hair = dice.Chance(0.8f)
            ? brush.Palette.Near(dice.Between(10, 40), dice.Between(20, 75), dice.Between(12, 80), 0.4f)
            : brush.Palette.Any();
        float wide = smiley ? 0.82f : dice.Between(0.58f, 0.72f), tall = smiley ? 0.82f : dice.Between(0.74f, 0.86f);
        var hairy = !smiley && dice.Chance(0.85f);

        if (hairy && dice.Chance(0.45f))
            LongHair(brush, hair, wide, tall);
        if (!smiley)
            Ears(brush, skin, wide);
        using var head = Outline.Oval(0, 0, wide, tall);
        brush.Body(head, skin);
        brush.Round(head, dice.Between(0.1f, 0.4f));
        if (hairy)
            Fringe(brush, hair, head, tall);

        Eyes(brush, wide, smiley);
        if (!smiley)
            Nose(brush, skin);
        Mouth(brush, wide, tall);
    }

    private static void LongHair(Brush brush, SKColor hair, float wide, float tall)
    {
        using var mane = Outline.Box(-wide * 1.18f, -tall * 1.12f, wide * 1.18f, tall * brush.Dice.Between(0.5f, 1.1f), wide);
        brush.Body(mane, hair);
    }

    private static void Ears(Brush brush, SKColor skin, float wide)
    {
        foreach (var side in new[] { -1, 1 })
        {
            brush.Oval(side * wide, 0.05f, 0.11f, 0.17f, Palette.Darker(skin, 0.1f));
            brush.Oval(side * wide, 0.05f, 0.06f, 0.1f, Palette.Darker(skin, 0.3f));
        }
    }

    private static void Fringe(Brush brush, SKColor hair, SKPath head, float tall)
    {
        var line = brush.Dice.Between(-0.62f, -0.42f) * tall;
        using var fringe = Outline.Draw(path =>
        {
            path.MoveTo(-1, -1.1f);
            path.LineTo(1, -1.1f);
            path.LineTo(1, line + 0.25f);
            path.QuadTo(brush.Dice.Between(-0.4f, 0.4f), line - 0.2f, -1, line + 0.25f);
            path.Close();
        });
        brush.Canvas.Save();
        brush.Canvas.ClipPath(head, antialias: true);
        brush.Fill(fringe, hair);
        brush.Canvas.Restore();
        using var cap = Outline.Draw(path =>
            path.AddArc(
                new SKRect(head.Bounds.Left - 0.04f, head.Bounds.Top - 0.05f, head.Bounds.Right + 0.04f, head.Bounds.Bottom), 195, 150));
        brush.Stroke(cap, hair, 0.11f);
    }

    private static void Eyes(Brush brush, float wide, bool smiley)
    {
        var dice = brush.Dice;
        float apart = wide * dice.Between(0.4f, 0.48f), y = dice.Between(-0.2f, -0.08f), size = dice.Between(0.11f, 0.16f);
        var look = new SKPoint(dice.Between(-0.3f, 0.3f) * size, dice.Between(-0.2f, 0.2f) * size);
        var iris = brush.Palette.Near(dice.Pick(210f, 25f, 110f), 60, 45);
        var brow = dice.Chance(0.7f);
        var slant = dice.Between(-0.07f, 0.07f);
        foreach (var side in new[] { -1, 1 })
        {
            var x = side * apart;
            if (smiley && apart > 0.36f)
                brush.Oval(x, y, size * 0.75f, size * 1.25f, SKColors.Black);
            else
            {
                brush.Oval(x, y, size * 1.25f, size * 0.95f, SKColors.White);
                brush.Disc(x + look.X, y + look.Y, size * 0.72f, iris);
                brush.Disc(x + look.X, y + look.Y, size * 0.42f, SKColors.Black);
            }
            if (brow && !smiley)
                brush.Line(
                    new SKColor(40, 25, 15), 0.07f,
                    new SKPoint(x - side * size, y - size * 1.7f + slant), new SKPoint(x + side * size * 1.1f, y - size * 1.7f - slant));
        }
        if (!smiley && dice.Chance(0.2f))
            Glasses(brush, apart, y, size * 1.75f);
    }

    private static void Glasses(Brush brush, float apart, float y, float radius)
    {
        foreach (var side in new[] { -1, 1 })
            brush.Arc(side * apart, y, radius, 0, 360, SKColors.Black, 0.05f);
        brush.Line(SKColors.Black, 0.05f, new SKPoint(-apart + radius, y), new SKPoint(apart - radius, y));
    }

    private static void Nose(Brush brush, SKColor skin)
        => brush.Line(
            Palette.Darker(skin, 0.35f), 0.05f,
            new SKPoint(0, -0.08f), new SKPoint(brush.Dice.Between(0.06f, 0.12f), 0.2f), new SKPoint(-0.02f, 0.23f));

    private static void Mouth(Brush brush, float wide, float tall)
    {
        var lips = brush.Palette.Near(355, 60, 55);
        var (y, half) = (tall * 0.5f, wide * brush.Dice.Between(0.36f, 0.5f));
        if (brush.Dice.Chance(0.35f))
        {
            using var open = Outline.Draw(path =>
            {
                path.AddArc(new SKRect(-half, y - half, half, y + half * 0.75f), 0, 180);
                path.Close();
            });
            brush.Fill(open, new SKColor(90, 20, 25));
            brush.Box(-half * 0.75f, y - half * 0.12f, half * 0.75f, y + half * 0.1f, SKColors.White);
        }
        else
        {
            var bend = brush.Dice.Between(-0.04f, 0.26f);
            using var line = Outline.Draw(path =>
            {
                path.MoveTo(-half, y - bend / 2);
                path.QuadTo(0, y + bend, half, y - bend / 2);
            });
            brush.Stroke(line, lips, brush.Dice.Between(0.06f, 0.1f));
        }
    }
}
