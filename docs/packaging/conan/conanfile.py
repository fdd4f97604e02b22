"""conan create docs/packaging/conan [-o "latentcell/*:instances=True"]"""

import os
import re

from conan import ConanFile
from conan.tools.build import check_min_cppstd
from conan.tools.cmake import CMake, CMakeDeps, CMakeToolchain, cmake_layout
from conan.tools.files import copy, load

required_conan_version = ">=2.0"


class LatentcellConan(ConanFile):
    name = "latentcell"
    description = "Latent diffusion for single-cell biology, header-only over Eigen and OpenMP"
    license = "MIT"
    topics = ("single-cell", "diffusion", "flow-matching", "header-only")
    settings = "os", "arch", "compiler", "build_type"
    options = {"instances": [True, False]}
    default_options = {"instances": False}

    @property
    def _root(self):
        return os.path.join(self.recipe_folder, "..", "..", "..")

    def set_version(self):
        header = load(self, os.path.join(self._root, "include", "latentcell", "core", "version.hpp"))
        self.version = ".".join(re.findall(r"#define LATENTCELL_VERSION_\w+ (\d+)", header))

    def export_sources(self):
        for pattern in ("CMakeLists.txt", "LICENSE", "include/*"):
            copy(self, pattern, self._root, self.export_sources_folder)

    def requirements(self):
        self.requires("eigen/3.4.0", transitive_headers=True)

    def validate(self):
        check_min_cppstd(self, 20)

    def layout(self):
        cmake_layout(self)

    def generate(self):
        toolchain = CMakeToolchain(self)
        toolchain.user_presets_path = False
        for part in ("TESTS", "EXAMPLES", "BENCHMARKS"):
            toolchain.variables[f"LATENTCELL_{part}"] = False
        toolchain.variables["LATENTCELL_INSTALL_INSTANCES"] = bool(self.options.instances)
        toolchain.generate()
        CMakeDeps(self).generate()

    def build(self):
        cmake = CMake(self)
        cmake.configure()
        if self.options.instances:
            cmake.build()

    def package(self):
        CMake(self).install()

    def package_id(self):
        if not self.info.options.instances:
            self.info.clear()

    def package_info(self):
        # The package's own latentcell-config.cmake serves find_package, with all targets and components.
        self.cpp_info.set_property("cmake_find_mode", "none")
        self.cpp_info.builddirs = [os.path.join("lib", "cmake", "latentcell")]
        self.cpp_info.libs = ["latentcell_instances"] if self.options.instances else []
